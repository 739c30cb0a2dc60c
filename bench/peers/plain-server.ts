import { createServer } from 'node:http'

// The least that a JSON service on Node can do: read the body, parse it, answer. The yardstick for `POST /predict/`.
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const text = chunks.length === 1 ? chunks[0].toString() : Buffer.concat(chunks).toString()
    const { Amount: amount } = JSON.parse(text)
    const body = JSON.stringify({ fraud_prediction: 0, probability: amount > 0 ? 0.0123 : 0 })
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  })
})
server.listen(Number(process.argv[2]), '127.0.0.1')
