import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { parseDetectorFile } from '../src/detector/detector.ts'
import { run } from './harness/child.ts'
import type { Claim } from './harness/claim.ts'
import {
  type DecisionsService,
  loadCore,
  missingForDecisions,
  type Prepared,
  prepareDecisions,
  runLoad,
  serverCore,
  startDecisions,
} from './harness/decisions-service.ts'
import { postJson } from './harness/http-server.ts'
import { firstLines } from './harness/load-stream.ts'
import { entryAt, expectEntries, sendEntries } from './harness/many-entries.ts'
import { median } from './harness/measure.ts'
import { cacheFolder } from './harness/peers.ts'
import { changePolicy } from './harness/policy-of-rules.ts'
import { format, markdownTable } from './harness/report.ts'
import { shrikeScript } from './harness/tables.ts'

const perSecond = 1000
const connections = 64
const barTimes = 2
const list = 'stolen'
const settleMs = 5000
const never = '1000000000'
/** Everything is old enough to be let go of. */
const prune = '--prune-before=8000000000000000'
const snapshotSchema = z.looseObject({
  bytes: z.number(),
  prunable: z.looseObject({ carried: z.unknown() }).optional(),
})

export const listEntries: Claim = {
  title: 'A list of a million entries',
  packages: [],
  async measure({ smoke, log }) {
    const missing = missingForDecisions(['taskset'])
    if (missing !== undefined) return missing
    const prepared = await prepareDecisions(smoke, log)
    const count = smoke ? 20_000 : 1_000_000
    const seconds = smoke ? 2 : 8
    const bodies = `${cacheFolder}bodies-entries.ndjson`
    await prepared.traffic.writeBodies(bodies, perSecond * (smoke ? 60 : 300))
    const service = await startDecisions(prepared, ['--snapshot-every', never])
    try {
      const entries = await loadBeside(service, prepared, { bodies, seconds, count, log })
      const snapshot = await snapshotOf(service)
      await service.halt()
      const restarts: number[] = []
      for (const isFromLog of [false, true]) restarts.push(await restart(prepared, service.folder, count, isFromLog))
      return describe({ ...entries, ...snapshot, restarts, count }, prepared.traffic.name)
    } finally {
      await service.stop()
    }
  },
}

interface Plan {
  readonly bodies: string
  readonly seconds: number
  readonly count: number
  readonly log: (line: string) => void
}

/** Decisions alone, and beside entries that come as NDJSON and then as CSV. */
async function loadBeside(service: DecisionsService, { traffic }: Prepared, { bodies, seconds, count, log }: Plan) {
  const { origin } = new URL(service.url)
  await changePolicy(origin, { kind: 'list', list: { name: list, of: keyOf(traffic.detector).key, effect: 'block' } })
  let firstLine = 0
  const load = async () => {
    const stream = { route: '/v1/decisions', bodies, firstLine, perSecond, seconds, connections }
    const { streams } = await runLoad({ port: service.port, streams: [stream] })
    firstLine = streams[0].nextLine
    const { count: answered, p99, max } = streams[0].answers['200'].fromDue
    if (answered !== streams[0].sent || streams[0].notSent > 0) throw new Error('A decision failed')
    return { p99, max }
  }
  await load()
  const alone = [await load(), await load()]
  await sleep(settleMs)
  const before = service.residentMb()
  const url = `${origin}/v1/lists/${list}/entries`
  const half = count / 2
  let isSent = false
  const sending = (async () => {
    const ndjson = await sendEntries(url, 'ndjson', 0, half)
    log(`NDJSON: ${format(ndjson)} s`)
    const csv = await sendEntries(url, 'csv', half, count)
    log(`CSV: ${format(csv)} s`)
    isSent = true
    return { ndjson, csv }
  })()
  const beside = []
  while (!isSent) beside.push(await load())
  const sent = await sending
  // The last one went on when all entries were there.
  if (beside.length > 1) beside.pop()
  await sleep(settleMs)
  const residentMb = service.residentMb() - before
  await expectEntries(url, 'ndjson', count)
  await expectEntries(url, 'csv', count)
  return { sent, alone, beside, residentMb }
}

/** The first key of the detector, and its column. */
function keyOf(detectorFile: string): { readonly key: string; readonly column: string } {
  const { detector } = parseDetectorFile(readFileSync(detectorFile, 'utf8'), detectorFile)
  const [[key, column]] = Object.entries(detector.transaction.keys ?? {})
  return { key, column }
}

/** What a snapshot takes, and what a checkpoint has to carry once the log is as short as it can be. */
async function snapshotOf({ folder }: DecisionsService) {
  const take = async () =>
    snapshotSchema.parse(JSON.parse(await run(process.execPath, [shrikeScript, 'snapshot', '--data', folder, prune])))
  const startMs = performance.now()
  const { bytes } = await take()
  const seconds = (performance.now() - startMs) / 1000
  // The log is never shortened past the older of two snapshots.
  const [, ...older] = readdirSync(`${folder}/snapshots`).sort().reverse()
  for (const name of older) rmSync(`${folder}/snapshots/${name}`)
  const { prunable } = await take()
  return { snapshot: { seconds, bytes }, carriedBytes: JSON.stringify(prunable?.carried ?? '').length }
}

/** Seconds until a service on a copy is ready, where every entry is there and one of them declines. */
async function restart({ bundle, traffic }: Prepared, folder: string, count: number, isFromLog: boolean) {
  const startMs = performance.now()
  const flags = ['--snapshot-every', never]
  const service = await startDecisions({ bundle, dataFolder: folder }, flags, shrikeScript, isFromLog)
  const seconds = (performance.now() - startMs) / 1000
  try {
    const { origin } = new URL(service.url)
    await expectEntries(`${origin}/v1/lists/${list}/entries`, 'ndjson', count)
    const [body] = firstLines(`${cacheFolder}bodies-entries.ndjson`, 1)
    const { column } = keyOf(traffic.detector)
    const listed = { ...JSON.parse(body), [column]: entryAt(count - 1) }
    const id = Object.keys(listed)[0]
    const decision = await postJson(service.url, JSON.stringify({ ...listed, [id]: `listed-${listed[id]}` }))
    const { outcome } = z.looseObject({ outcome: z.string() }).parse(decision)
    if (outcome !== 'decline') throw new Error(`A listed value got ${outcome} after a restart`)
    return seconds
  } finally {
    await service.stop()
  }
}

type Loaded = Awaited<ReturnType<typeof loadBeside>> &
  Awaited<ReturnType<typeof snapshotOf>> & { readonly restarts: readonly number[]; readonly count: number }

function describe(
  { sent, alone, beside, residentMb, snapshot, carriedBytes, restarts, count }: Loaded,
  traffic: string,
) {
  const [without, meanwhile] = [alone, beside].map((runs) => median(runs.map(({ p99 }) => p99)))
  const mb = (bytes: number) => `${format(bytes / 1e6)} MB`
  const rows = [
    [`${(count / 2).toLocaleString('en-US')} entries as NDJSON, beside decisions`, `${format(sent.ndjson)} s`],
    [`${(count / 2).toLocaleString('en-US')} as CSV, beside decisions`, `${format(sent.csv)} s`],
    [
      'resident memory, more than before',
      `${format(residentMb)} MB, ${format((residentMb * 2 ** 20) / count)} B an entry`,
    ],
    ['p99 of decisions alone', `${format(without)} ms`],
    [
      'p99 of decisions beside them',
      `${format(meanwhile)} ms, at most ${format(Math.max(...beside.map(({ max }) => max)))} ms`,
    ],
    ['a snapshot beside the service', `${format(snapshot.seconds)} s, ${mb(snapshot.bytes)} with histories`],
    ['what a checkpoint carries of it', mb(carriedBytes)],
    ['from start to ready, with the snapshot', `${format(restarts[0])} s`],
    ['from start to ready, from the log', `${format(restarts[1])} s`],
  ]
  const isMet = meanwhile <= barTimes * without
  return `${traffic}. ${perSecond} decisions/s on ${connections} connections, from the time at which each was to be sent. Entries come in requests of 50,000 lines, a value of 20 letters and a source each.

${markdownTable(['what', 'figure'], rows)}

The server is held on core ${serverCore}, the load generator on core ${loadCore}. What is exported is what was sent, before and after both restarts, and a listed value is declined.

p99 beside entries: ${format(meanwhile / without)} times that without; bar ${barTimes}: ${isMet ? 'met' : 'MISSED'}.`
}
