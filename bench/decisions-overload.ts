import type { Claim } from './harness/claim.ts'
import {
  checkDecisions,
  type DecisionsService,
  loadCore,
  missingForDecisions,
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
const connections = 4096
const bar = { p99Ms: 50, shareOfCapacity: 0.7, recoveryMs: 1000 }

export const decisionsOverload: Claim = {
  title: 'POST /v1/decisions: overload',
  packages: [],
  async measure({ smoke, log }) {
    const missing = missingForDecisions(['taskset'])
    if (missing !== undefined) return missing
    const prepared = await prepareDecisions(smoke, log)
    const seconds = smoke ? 5 : 60
    const bodies = `${cacheFolder}bodies-overload.ndjson`
    await prepared.traffic.writeBodies(bodies, 300_000 + mostPerSecond * seconds)
    const service = await startDecisions(prepared)
    try {
      await checkDecisions(service.url, firstLines(bodies, checked), true)
      const base = { route: '/v1/decisions', bodies, connections: 64 }
      const calm = { ...base, perSecond: 500, seconds: smoke ? 3 : 10 }
      const next = (result: LoadResult) => result.streams[0].nextLine
      const load = (stream: LoadStream, recoverWithinMs?: number) =>
        runLoad({ port: service.port, streams: [stream], ...(recoverWithinMs !== undefined && { recoverWithinMs }) })
      const warm = await load({ ...base, seconds: smoke ? 2 : 5, firstLine: checked })
      const unloaded = await load({ ...calm, firstLine: next(warm) })
      const closed = await load({ ...base, seconds: smoke ? 2 : 5, firstLine: next(unloaded) })
      const capacity = closed.streams[0].perSecond
      const unloadedP99 = unloaded.streams[0].answers['200'].fromSent.p99
      log(`capacity ${format(capacity)}/s, unloaded p99 ${format(unloadedP99)} ms`)
      const perSecond = Math.min(times * capacity, mostPerSecond)
      const memory = watchMemory(service)
      const cpu = service.cpuSeconds()
      const stream = { ...base, connections, mostWaiting: 0, perSecond: Math.floor(perSecond), seconds }
      const loaded = await load({ ...stream, firstLine: next(closed) }, unloadedP99)
      const serverBusy = (service.cpuSeconds() - cpu) / seconds
      log(loaded.streams[0].oddities.join('\n'))
      return describe({ capacity, unloadedP99, loaded, memoryMb: memory.end(), serverBusy, perSecond, seconds })
    } finally {
      await service.stop()
    }
  },
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
  readonly capacity: number
  readonly unloadedP99: number
  readonly loaded: LoadResult
  readonly memoryMb: readonly number[]
  readonly serverBusy: number
  readonly perSecond: number
  readonly seconds: number
}

function describe(measured: Overload): string {
  const { capacity, unloadedP99, loaded, memoryMb, serverBusy, perSecond, seconds } = measured
  const [{ answers, sent, notSent, unanswered, broken, perSecond: sentPerSecond }] = loaded.streams
  const rows = Object.entries(answers).map(([status, { fromSent }]) => [
    status,
    fromSent.count.toLocaleString('en-US'),
    `${((fromSent.count / sent) * 100).toFixed(1)} %`,
    ...[fromSent.p50, fromSent.p99, fromSent.p999, fromSent.max].map(format),
  ])
  const table = markdownTable(['status', 'answers', 'share', 'p50, ms', 'p99, ms', 'p99.9, ms', 'max, ms'], rows)
  const p99 = answers['200']?.fromSent.p99 ?? Number.POSITIVE_INFINITY
  const accepted = (answers['200']?.fromSent.count ?? 0) / seconds
  const { recoveredAfterMs } = loaded
  const isRecovered = recoveredAfterMs !== null && recoveredAfterMs <= bar.recoveryMs
  const other = unanswered + broken
  return `Capacity, 64 connections that send as soon as they are answered: ${format(capacity)}/s. Unloaded, at 500/s: p99 ${format(unloadedP99)} ms.
Offered for ${seconds} s: ${format(perSecond)}/s; ${format(sentPerSecond)}/s were sent, ${format(sentPerSecond / capacity)} times the capacity, on ${connections} connections of which each waits for its answer; ${notSent.toLocaleString('en-US')} found none free. Times are from the moment of sending.

${table}

Never answered or cut off: ${other}. The server's process was ${format(serverBusy * 100)} % busy (core ${serverCore}), the generator ${format(loaded.busy * 100)} % (core ${loadCore}).
Resident memory: ${format(memoryMb[0])} MB at the start, ${format(memoryMb[Math.min(10, memoryMb.length - 1)])} MB after 10 s, ${format(memoryMb[memoryMb.length - 1])} MB at the end, ${format(Math.max(...memoryMb))} MB at most.

p99 of accepted answers ${format(p99)} ms; bar ${bar.p99Ms} ms: ${met(p99 < bar.p99Ms)}.
Accepted: ${format(accepted)}/s, ${format(accepted / capacity)} of the capacity; bar ${bar.shareOfCapacity}: ${met(accepted >= bar.shareOfCapacity * capacity)}.
First answer within the unloaded p99 after the load's end: ${recoveredAfterMs === null ? 'none' : `${format(recoveredAfterMs)} ms`}; bar ${bar.recoveryMs} ms: ${met(isRecovered)}.`
}

function met(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED'
}
