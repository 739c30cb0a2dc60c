import type { Claim } from './harness/claim.ts'
import {
  checkDecisions,
  type DecisionsService,
  loadCore,
  missingForDecisions,
  type Prepared,
  prepareDecisions,
  runLoad,
  serverCore,
  startDecisions,
} from './harness/decisions-service.ts'
import type { LoadResult, LoadStream } from './harness/load-plan.ts'
import { firstLines } from './harness/load-stream.ts'
import { cacheFolder } from './harness/peers.ts'
import { format, markdownTable } from './harness/report.ts'

const checked = 200
const times = 10
/** More than a generator on one core can send. */
const mostPerSecond = 50_000
const bar = { p99Ms: 50, shareOfCapacity: 0.7, recoveryMs: 1000 }

/** How requests come in, and for how long they are too many. */
interface Way {
  readonly edges: number
  readonly connections: number
  readonly seconds: number
}
/** The first is what the bars are for; the others are what a proxy that bounds its connections makes of it, and an edge. */
const ways: readonly [Way, ...(readonly Way[])] = [
  { edges: 0, connections: 4096, seconds: 60 },
  { edges: 0, connections: 512, seconds: 20 },
  { edges: 1, connections: 4096, seconds: 20 },
  { edges: 1, connections: 512, seconds: 20 },
]

export const decisionsOverload: Claim = {
  title: 'POST /v1/decisions: overload',
  packages: [],
  async measure({ smoke, log }) {
    const missing = missingForDecisions(['taskset'])
    if (missing !== undefined) return missing
    const prepared = await prepareDecisions(smoke, log)
    const bodies = `${cacheFolder}bodies-overload.ndjson`
    await prepared.traffic.writeBodies(bodies, 300_000 + mostPerSecond * (smoke ? 5 : ways[0].seconds))
    const overloads: Overload[] = []
    for (const way of ways) {
      log(`${way.edges} edges, ${way.connections} connections`)
      overloads.push(await overload(prepared, bodies, smoke ? { ...way, seconds: 5 } : way, smoke, log))
    }
    return describe(overloads)
  },
}

async function overload(
  prepared: Prepared,
  bodies: string,
  way: Way,
  smoke: boolean,
  log: (line: string) => void,
): Promise<Overload> {
  const { edges, connections, seconds } = way
  const core = edges === 0 ? serverCore : `${serverCore},${loadCore}`
  const service = await startDecisions(prepared, ['--edges', String(edges)], undefined, false, core)
  try {
    await checkDecisions(service.url, firstLines(bodies, checked), true)
    const base = { route: '/v1/decisions', bodies, connections: 64 }
    const calm = { ...base, perSecond: 500, seconds: smoke ? 3 : 10 }
    const next = (result: LoadResult) => result.streams[0].nextLine
    const load = (stream: LoadStream, recoverWithinMs?: number) =>
      runLoad({ port: service.port, streams: [stream], ...(recoverWithinMs !== undefined && { recoverWithinMs }) })
    const warm = await load({ ...base, seconds: smoke ? 2 : 5, firstLine: checked })
    const unloaded = await load({ ...calm, firstLine: next(warm) })
    const ofClosed = watchTime(service)
    const closed = await load({ ...base, seconds: smoke ? 2 : 5, firstLine: next(unloaded) })
    const decided = perAnswer(ofClosed(), countOf(closed, '200'))
    const capacity = closed.streams[0].perSecond
    const unloadedP99 = unloaded.streams[0].answers['200'].fromSent.p99
    log(`capacity ${format(capacity)}/s, unloaded p99 ${format(unloadedP99)} ms`)
    const perSecond = Math.min(times * capacity, mostPerSecond)
    const memory = watchMemory(service)
    const ofLoaded = watchTime(service)
    const stream = { ...base, connections, mostWaiting: 0, perSecond: Math.floor(perSecond), seconds }
    const loaded = await load({ ...stream, firstLine: next(closed) }, unloadedP99)
    log(loaded.streams[0].oddities.join('\n'))
    const loadedTime = ofLoaded()
    return { way, capacity, unloadedP99, loaded, memoryMb: memory.end(), decided, loadedTime, perSecond }
  } finally {
    await service.stop()
  }
}

/** Processor time in seconds, of all threads and of the one that decides. */
interface Time {
  readonly all: number
  readonly deciding: number
}

/** Returns what tells how much was used since. */
function watchTime(service: DecisionsService): () => Time {
  const [all, deciding] = [service.cpuSeconds(), service.firstThreadSeconds()]
  return () => ({ all: service.cpuSeconds() - all, deciding: service.firstThreadSeconds() - deciding })
}

function perAnswer({ all, deciding }: Time, answers: number): Time {
  return { all: all / answers, deciding: deciding / answers }
}

function countOf({ streams }: LoadResult, status: string): number {
  return streams[0].answers[status]?.fromSent.count ?? 0
}

/** What refusals took, where decisions took as long as without too many of them. */
function timeOfRefusal({ loaded, decided, loadedTime }: Overload): Time {
  const accepted = countOf(loaded, '200')
  const rest = (key: keyof Time) => Math.max(0, loadedTime[key] - accepted * decided[key])
  return perAnswer({ all: rest('all'), deciding: rest('deciding') }, countOf(loaded, '503'))
}

/** The resident memory, once a second. */
function watchMemory(service: DecisionsService) {
  const memoryMb = [service.residentMb()]
  const timer = setInterval(() => memoryMb.push(service.residentMb()), 1000)
  return {
    end(): readonly number[] {
      clearInterval(timer)
      memoryMb.push(service.residentMb())
      return memoryMb
    },
  }
}

interface Overload {
  readonly way: Way
  readonly capacity: number
  readonly unloadedP99: number
  readonly loaded: LoadResult
  readonly memoryMb: readonly number[]
  /** Processor time of a decision at capacity, and of all that was answered under overload. */
  readonly decided: Time
  readonly loadedTime: Time
  readonly perSecond: number
}

function describe(overloads: readonly Overload[]): string {
  const [first] = overloads
  const { way, capacity, unloadedP99, loaded, memoryMb, loadedTime, perSecond } = first
  const { connections, seconds } = way
  const [{ answers, sent, notSent, unanswered, broken, perSecond: sentPerSecond }] = loaded.streams
  const rows = Object.entries(answers).map(([status, { fromSent }]) => [
    status,
    fromSent.count.toLocaleString('en-US'),
    `${((fromSent.count / sent) * 100).toFixed(1)} %`,
    ...[fromSent.p50, fromSent.p99, fromSent.p999, fromSent.max].map(format),
  ])
  const table = markdownTable(['status', 'answers', 'share', 'p50, ms', 'p99, ms', 'p99.9, ms', 'max, ms'], rows)
  const p99 = answers['200']?.fromSent.p99 ?? Number.POSITIVE_INFINITY
  const accepted = countOf(loaded, '200') / seconds
  const { recoveredAfterMs } = loaded
  const isRecovered = recoveredAfterMs !== null && recoveredAfterMs <= bar.recoveryMs
  const other = unanswered + broken
  return `Capacity, 64 connections that send as soon as they are answered: ${format(capacity)}/s. Unloaded, at 500/s: p99 ${format(unloadedP99)} ms.
Offered for ${seconds} s: ${format(perSecond)}/s; ${format(sentPerSecond)}/s were sent, ${format(sentPerSecond / capacity)} times the capacity, on ${connections} connections of which each waits for its answer; ${notSent.toLocaleString('en-US')} found none free. Times are from the moment of sending.

${table}

Never answered or cut off: ${other}. The server's process was ${format((loadedTime.all / seconds) * 100)} % busy (core ${serverCore}), the generator ${format(loaded.busy * 100)} % (core ${loadCore}).
Resident memory: ${format(memoryMb[0])} MB at the start, ${format(memoryMb[Math.min(10, memoryMb.length - 1)])} MB after 10 s, ${format(memoryMb[memoryMb.length - 1])} MB at the end, ${format(Math.max(...memoryMb))} MB at most.

p99 of accepted answers ${format(p99)} ms; bar ${bar.p99Ms} ms: ${met(p99 < bar.p99Ms)}.
Accepted: ${format(accepted)}/s, ${format(accepted / capacity)} of the capacity; bar ${bar.shareOfCapacity}: ${met(accepted >= bar.shareOfCapacity * capacity)}.
First answer within the unloaded p99 after the load's end: ${recoveredAfterMs === null ? 'none' : `${format(recoveredAfterMs)} ms`}; bar ${bar.recoveryMs} ms: ${met(isRecovered)}.

${describeWays(overloads)}`
}

/** The same by each way, and what a refusal costs. */
function describeWays(overloads: readonly Overload[]): string {
  const micros = (time: Time) => `${format(time.deciding * 1e6)} of ${format(time.all * 1e6)}`
  const rows = overloads.map((overload) => {
    const { way, capacity, loaded, decided } = overload
    const { '200': yes, '503': no } = loaded.streams[0].answers
    const accepted = countOf(loaded, '200') / way.seconds
    return [
      ...[way.edges, way.connections].map(String),
      ...[capacity, accepted, accepted / capacity].map(format),
      ...[yes?.fromSent.p50, yes?.fromSent.p99, no?.fromSent.p50, no?.fromSent.p99].map((ms) =>
        format(ms ?? Number.NaN),
      ),
      ...[micros(decided), micros(timeOfRefusal(overload))],
    ]
  })
  const header = [
    ...['edges', 'connections', 'capacity, /s', 'accepted, /s', 'of capacity'],
    ...['200 p50, ms', '200 p99, ms', '503 p50, ms', '503 p99, ms'],
    ...['a decision, µs', 'a refusal, µs'],
  ]
  return `Processor time per answer, of the thread that decides and of all, and waits where a proxy bounds its connections. With an edge the server has both cores, and shares one with the generator. A refusal is what is left where decisions cost what they do at capacity.

${markdownTable(header, rows)}`
}

function met(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED'
}
