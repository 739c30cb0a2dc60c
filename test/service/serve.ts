import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { runService } from '../../src/app.ts'
import { FraudError } from '../../src/core/errors.ts'
import { logistic } from './fixture.ts'

// A command that serves, for tests of what only a process shows: signals, ports, workers. Its bundle is a text file
// that holds the model's id. Arguments: the file, the port, how many workers.
const [file = '', port = '0', workers = '1'] = process.argv.slice(2)

async function load() {
  const modelId = (await readFile(file, 'utf8')).trim()
  if (!/^\w+@\w+$/.test(modelId)) throw new FraudError('BUNDLE_INVALID', `${file} is damaged`)
  if (modelId.startsWith('crash')) process.abort()
  if (modelId.startsWith('slow')) {
    process.stderr.write('{"msg":"loading"}\n')
    await sleep(1500)
  }
  return { predictor: logistic(modelId) }
}

const told = new AbortController()
process.once('SIGTERM', () => told.abort())

try {
  const service = await runService(
    {
      load,
      host: '127.0.0.1',
      port: Number(port),
      workers: Number(workers),
      insecure: false,
      apiKeys: [],
      version: '0.0.0-test',
      logLevel: 'info',
      limits: { eventLoopLagMs: 60_000 },
    },
    told.signal,
  )
  if (service !== undefined && service.role !== 'worker') process.stdout.write(`${service.url} ${service.modelId}\n`)
  await service?.closed
} catch (error) {
  process.stdout.write(`${error instanceof FraudError ? `${error.code}: ${error.message}` : String(error)}\n`)
  process.exitCode = 1
}
