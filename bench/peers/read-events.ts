// COUNT clients that read events from PORT, until its input ends. Prints a line once each has its first message, and at
// the end how many messages and bytes came, and how many resets.
import { connect, type Socket } from 'node:net'

const [port, count] = process.argv.slice(2).map(Number)
const told = { messages: 0, bytes: 0, resets: 0, ended: 0 }
let ready = 0
let isEnding = false
const sockets: Socket[] = []

process.stdin.on('end', () => {
  isEnding = true
  for (const socket of sockets) socket.destroy()
  process.stdout.write(`${JSON.stringify(told)}\n`)
})
process.stdin.resume()
for (let i = 0; i < count; i++) {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  let isReady = false
  socket.write('GET /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
  socket.on('data', (chunk) => {
    told.bytes += chunk.length
    if (!isReady && chunk.includes('event: ready')) {
      isReady = true
      ready += 1
      if (ready === count) process.stdout.write('{}\n')
    }
    if (chunk.includes('event: events\n')) told.messages += 1
    if (chunk.includes('event: reset\n')) told.resets += 1
  })
  socket.on('close', () => {
    if (!isEnding) told.ended += 1
  })
}
