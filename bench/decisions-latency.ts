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
  startBareDecisions,
  startJudged,
} from './harness/decisions-service.ts'
import { startProbe } from './harness/disk-probe.ts'
import type { HttpServer } from './harness/http-server.ts'
import type { LoadResult, LoadStream } from './harness/load-plan.ts'
import { firstLines } from './harness/load-stream.ts'
import { median } from './harness/measure.ts'
import { cacheFolder } from './harness/peers.ts'
import type { Times } from './harness/quantiles.ts'
import { format, markdownTable } from './harness/report.ts'

const perSecond = 1000
const connections = 64
const checked = 200
const warmSeconds = 10
const diskPerSecond = 200
const labelsPerSecond = 5000
const labelsPerRequest = 50
const leastBarMs = 5
const bareName = 'nothing: bare fastify, the control'
const never = '1000000000'

/** What goes on beside the decisions. */
interface Situation {
  readonly name: string
  /** How many records apart snapshots are, and whether labels come. */
  readonly snapshotEvery: string
  readonly hasLabels: boolean
}

interface Measured {
  readonly name: string
  readonly load: LoadResult
  readonly disk: Times
  readonly snapshots: number
  readonly events: number
  readonly labels: number
  readonly serverBusy: number
}

export const decisionsLatency: Claim = {
  title: 'POST /v1/decisions: latency',
  packages: [],
  async measure({ rounds = 1, smoke, log }) {
    const missing = missingForDecisions(['taskset'])
    if (missing !== undefined) return missing
    const prepared = await prepareDecisions(smoke, log, undefined, 'preset')
    const seconds = smoke ? 4 : 60
    const bodies = `${cacheFolder}bodies-latency.ndjson`
    await prepared.traffic.writeBodies(bodies, checked + perSecond * (seconds + warmSeconds))
    const labels = `${cacheFolder}labels.ndjson`
    await prepared.traffic.writeLabels(labels)
    const situations: readonly Situation[] = [
      { name: 'idle', snapshotEvery: never, hasLabels: false },
      { name: 'while snapshots are taken', snapshotEvery: smoke ? '2000' : '15000', hasLabels: false },
      { name: `with ${labelsPerSecond} labels/s`, snapshotEvery: never, hasLabels: true },
    ]
    const results: Measured[] = []
    for (let round = 0; round < (smoke ? 1 : rounds); round++) {
      for (const situation of situations) {
        log(`round ${round + 1}: ${situation.name}`)
        results.push(await measureOne(prepared, situation, { bodies, labels, seconds }))
        log(`  ${summary(results[results.length - 1])}`)
      }
      log(`round ${round + 1}: bare fastify`)
      results.push(await measureBare(prepared, { bodies, labels, seconds }))
    }
    return describe(prepared, results, seconds)
  },
}

interface Files {
  readonly bodies: string
  readonly labels: string
  readonly seconds: number
}

async function measureOne(prepared: Prepared, situation: Situation, files: Files): Promise<Measured> {
  const service = await startJudged(prepared, ['--snapshot-every', situation.snapshotEvery])
  try {
    await checkDecisions(service.url, firstLines(files.bodies, checked), true)
    const before = await service.metric('shrike_snapshots_total')
    const measured = await measureLoad(service, service.folder, situation, files)
    await expectCounts(service, measured)
    return {
      ...measured,
      snapshots: (await service.metric('shrike_snapshots_total')) - before,
      events: await service.metric('shrike_history_events'),
      labels: await service.metric('shrike_labels_total'),
    }
  } finally {
    await service.stop()
  }
}

/** The same load on a server that does nothing: what the generator and the machine add. */
async function measureBare(prepared: Prepared, files: Files): Promise<Measured> {
  const server = await startBareDecisions(firstLines(files.bodies, 1)[0])
  try {
    const situation = { name: bareName, snapshotEvery: never, hasLabels: false }
    const measured = await measureLoad(server, prepared.dataFolder, situation, files)
    return { ...measured, snapshots: 0, events: 0, labels: 0 }
  } finally {
    await server.stop()
  }
}

async function measureLoad(server: HttpServer, folder: string, situation: Situation, files: Files) {
  const { seconds, bodies, labels } = files
  const decisions: LoadStream = {
    route: '/v1/decisions',
    bodies,
    firstLine: checked,
    perSecond,
    seconds: warmSeconds,
    connections,
  }
  const warm = await runLoad({ port: server.port, streams: [decisions] })
  const measuredStream = { ...decisions, seconds, firstLine: warm.streams[0].nextLine }
  const labelStream: LoadStream = {
    route: '/v1/labels',
    bodies: labels,
    firstLine: 0,
    perSecond: labelsPerSecond / labelsPerRequest,
    seconds,
    connections: 8,
  }
  const probe = await startProbe(folder, diskPerSecond)
  const cpu = server.cpuSeconds()
  const streams = situation.hasLabels ? [measuredStream, labelStream] : [measuredStream]
  const load = await runLoad({ port: server.port, streams })
  const serverBusy = (server.cpuSeconds() - cpu) / seconds
  return { name: situation.name, load, disk: await probe.end(), serverBusy }
}

/** The service's own counts agree with what was answered. */
async function expectCounts(service: DecisionsService, { load }: { readonly load: LoadResult }): Promise<void> {
  const [{ answers, nextLine, unanswered, broken, notSent }] = load.streams
  const refused = Object.entries(answers).reduce(
    (sum, [status, { fromDue }]) => sum + (status === '200' ? 0 : fromDue.count),
    0,
  )
  const decided = await service.metric('shrike_decisions_total')
  if (decided !== nextLine - refused && unanswered + broken + notSent === 0) {
    throw new Error(`${decided} decisions are counted, ${nextLine - refused} were answered`)
  }
}

function summary({ load, disk, snapshots }: Measured): string {
  const [{ answers, oddities }] = load.streams
  const times = answers['200'].fromDue
  return `p50 ${format(times.p50)}, p99 ${format(times.p99)}, max ${format(times.max)} ms; disk p99 ${format(disk.p99)} ms; ${snapshots} snapshots ${oddities.join(' ')}`
}

function p99Of({ load }: Measured): number {
  return load.streams[0].answers['200'].fromDue.p99
}

function describe({ traffic }: Prepared, results: readonly Measured[], seconds: number): string {
  const rows = results.map(({ name, load, disk, snapshots, events, labels, serverBusy }) => {
    const [decisions, labelling] = load.streams
    const { count, p50, p99, p999, max } = decisions.answers['200'].fromDue
    return [
      name,
      ...[p50, p99, p999, max].map(format),
      String(decisions.sent - count + decisions.notSent),
      format(disk.p99),
      format(decisions.lateness.p99),
      `${(serverBusy * 100).toFixed(0)} %`,
      String(snapshots),
      events.toLocaleString('en-US'),
      labelling === undefined
        ? ''
        : `${labels.toLocaleString('en-US')}, p99 ${format(labelling.answers['200']?.fromDue.p99 ?? Number.NaN)} ms`,
    ]
  })
  const header = [
    'beside it',
    'p50, ms',
    'p99, ms',
    'p99.9, ms',
    'max, ms',
    'errors',
    'bare fdatasync p99, ms',
    'sent late p99, ms',
    'server busy',
    'snapshots',
    'events in histories',
    'labels',
  ]
  const ours = results.filter(({ name }) => name !== bareName)
  const control = median(results.filter(({ name }) => name === bareName).map(p99Of))
  const outcomes = [...new Set(ours.map(({ name }) => name))].map((name) => {
    const runs = ours.filter((run) => run.name === name)
    const p99 = median(runs.map(p99Of))
    const allowed = Math.max(leastBarMs, 3 * median(runs.map(({ disk }) => disk.p99)))
    return `${name}: p99 ${format(p99)} ms; bar ${format(allowed)} ms: ${p99 < allowed ? 'met' : 'MISSED'}.`
  })
  if (control >= leastBarMs) {
    // Whatever is said of us then, good or bad, is said of the machine.
    outcomes.unshift(
      `This run does not count: a server that does nothing had a p99 of ${format(control)} ms under the same load.`,
    )
  }
  return `${traffic.name}. ${perSecond} decisions/s for ${seconds} s on ${connections} connections, from the time at which each was to be sent; every time is kept. The default preset decides, with 100 rules in force.

${markdownTable(header, rows)}

The server is held on core ${serverCore}, the load generator on core ${loadCore}. The bar is the larger of ${leastBarMs} ms and 3 times the p99 of 4 KiB writes with fdatasync, ${diskPerSecond}/s in the same directory meanwhile.

${outcomes.join('\n')}`
}
