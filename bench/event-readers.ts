import { createInterface } from 'node:readline'
import { z } from 'zod'
import { start } from './harness/child.ts'
import type { Claim } from './harness/claim.ts'
import {
  checkDecisions,
  loadCore,
  missingForDecisions,
  prepareDecisions,
  runLoad,
  serverCore,
  startDecisions,
} from './harness/decisions-service.ts'
import { differPairs, fewestPairs, type PairsOptions } from './harness/interleaved-pairs.ts'
import { firstLines } from './harness/load-stream.ts'
import { benchFile, cacheFolder } from './harness/peers.ts'
import { markdownTable } from './harness/report.ts'

const perSecond = 2000
const readers = 200
const checked = 100
const mostMicroseconds = 2

const readSchema = z.object({ messages: z.number(), bytes: z.number(), resets: z.number(), ended: z.number() })
type Read = z.infer<typeof readSchema>
type Compared = Awaited<ReturnType<typeof differPairs>>

export const eventReaders: Claim = {
  title: `GET /v1/events: what ${readers} readers cost`,
  packages: [],
  async measure({ rounds, smoke, log }) {
    const missing = missingForDecisions(['taskset'])
    if (missing !== undefined) return missing
    const pairs = smoke ? fewestPairs : (rounds ?? 10)
    const seconds = smoke ? 1 : 8
    const show = (value: number) => `${(value * 1e6).toFixed(2)} µs`
    const reads: Read[] = []
    const options = { pairs, show, log }
    const alone = await measureAlone(options, seconds, reads)
    const whole = await measureService(options, seconds, smoke)
    return describe([alone, whole], reads, seconds)
  },
}

/** The events alone, at the rate at which decisions come. */
async function measureAlone(options: PairsOptions, seconds: number, reads: Read[]): Promise<Compared> {
  const script = [process.execPath, benchFile('ours/events-alone.ts'), String(perSecond), String(seconds)]
  const server = await startAsking(serverCore, script)
  const port = Number(server.first)
  const window = async () => Number(await server.ask()) / (perSecond * seconds)
  try {
    return await differPairs('events alone', [withReaders(port, window, reads), window], options)
  } finally {
    server.end()
  }
}

/** A service that decides: its own processor time varies by more than readers take. */
async function measureService(options: PairsOptions, seconds: number, smoke: boolean): Promise<Compared> {
  const prepared = await prepareDecisions(smoke, options.log)
  const bodies = `${cacheFolder}bodies-events.ndjson`
  await prepared.traffic.writeBodies(bodies, checked + perSecond * seconds * (2 * options.pairs + 2))
  const service = await startDecisions(prepared, ['--snapshot-every', '1000000000'])
  let firstLine = checked
  const window = async (): Promise<number> => {
    const before = service.cpuSeconds()
    const stream = { route: '/v1/decisions', bodies, firstLine, perSecond, seconds, connections: 64 }
    const { streams } = await runLoad({ port: service.port, streams: [stream] })
    firstLine = streams[0].nextLine
    return (service.cpuSeconds() - before) / (streams[0].answers['200']?.fromDue.count ?? 0)
  }
  try {
    await checkDecisions(service.url, firstLines(bodies, checked), true)
    return await differPairs('a service', [withReaders(service.port, window, []), window], options)
  } finally {
    await service.stop()
  }
}

function withReaders(port: number, window: () => Promise<number>, reads: Read[]): () => Promise<number> {
  return async () => {
    const script = [process.execPath, benchFile('peers/read-events.ts'), String(port), String(readers)]
    const reading = await startAsking(loadCore, script)
    const cpu = await window()
    const read = readSchema.parse(JSON.parse(await reading.end()))
    if (read.ended > 0 || read.resets > 0) throw new Error(`Readers lost events: ${JSON.stringify(read)}`)
    reads.push(read)
    return cpu
  }
}

/** A process on a core that says a line first, then one for each that it is asked for, and one at its end. */
async function startAsking(core: number, command: readonly string[]) {
  const child = start('taskset', ['-c', String(core), ...command])
  if (!child.stdout) throw new Error('The process has no output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => (await lines.next()).value ?? ''
  return {
    first: await next(),
    ask() {
      child.stdin?.write('\n')
      return next()
    },
    end() {
      child.stdin?.end()
      return next()
    },
  }
}

function describe(compared: readonly Compared[], reads: readonly Read[], seconds: number): string {
  const table = markdownTable(
    ['CPU per decision', `with ${readers} readers`, 'without', 'difference', '95 % interval'],
    compared.map(({ row }) => row),
  )
  const sum = (of: (read: Read) => number) => reads.reduce((total, read) => total + of(read), 0)
  const perReader = sum(({ messages }) => messages) / reads.length / readers / seconds
  const perMessage = sum(({ bytes }) => bytes) / sum(({ messages }) => messages)
  const verdict = compared[0].most <= mostMicroseconds * 1e-6 ? 'holds' : 'does not hold'
  return `${table}

${perSecond} decisions/s for ${seconds} s in each run, with and without readers in turn. Each reader got ${perReader.toFixed(2)} messages a second of ${Math.round(perMessage)} bytes; none was reset or cut. The bar, ${mostMicroseconds} µs of CPU per decision at the upper end of the first interval, ${verdict}. The second one shows that a service has no other cost of them, as far as its own variation lets that be seen.`
}
