import { readFileSync } from 'node:fs'
import {
  type DecisionsService,
  loadCore,
  type Prepared,
  runLoad,
  serverCore,
  startDecisions,
} from './decisions-service.ts'
import type { StreamResult } from './load-plan.ts'
import { cacheFolder } from './peers.ts'
import { format, markdownTable } from './report.ts'

const perSecond = 2000
const connections = 64
const barTimes = 2
/** A generator that sends later than this measures itself, or its neighbours. */
const mostLateMs = 5
const loopMetric = 'shrike_nodejs_eventloop_lag_max_seconds'

/** What is done beside a steady load of decisions, again and again, while runs without it take turns. */
export interface Beside<Done> {
  /** How a table calls it: "10 swaps". */
  readonly name: string
  readonly warmSeconds: number
  readonly seconds: number
  readonly rounds: number
  /** Names the files that are made for it. */
  readonly files: string
  /** Makes the service ready, before there is any load. */
  prepare(origin: string): Promise<void>
  make(origin: string, seconds: number, round: number): Promise<Done>
  readonly log: (line: string) => void
}

interface Run<Done> {
  readonly stream: StreamResult
  /** The longest that anything had to wait for the server's thread. */
  readonly longestWaitMs: number
  /** Undefined where there was nothing beside the load. */
  readonly done: Done | undefined
}

export interface Measured<Done> {
  /** With and without it in turns, the first without. */
  readonly runs: readonly Run<Done>[]
  /** The files of all answers. */
  readonly answers: readonly string[]
}

/**
 * Measures and leaves the service stopped, with its data, for `check`.
 *
 * @param check looks at what was decided and answered.
 */
export async function measureBeside<Done, Checked>(
  prepared: Prepared,
  beside: Beside<Done>,
  check: (service: DecisionsService, answers: readonly string[]) => Checked,
): Promise<Measured<Done> & { readonly checked: Checked }> {
  const { files, rounds, seconds, warmSeconds, log } = beside
  const bodies = `${cacheFolder}bodies-${files}.ndjson`
  await prepared.traffic.writeBodies(bodies, perSecond * (2 * rounds * seconds + warmSeconds))
  const service = await startDecisions(prepared)
  const answers: string[] = []
  const runs: Run<Done>[] = []
  try {
    const { origin } = new URL(service.url)
    await beside.prepare(origin)
    let firstLine = 0
    const run = async (of: number, round?: number): Promise<Run<Done>> => {
      const file = `${cacheFolder}answers-${files}-${answers.length}.ndjson`
      answers.push(file)
      const stream = { route: '/v1/decisions', bodies, firstLine, perSecond, connections, seconds: of, answers: file }
      // What was measured so far is forgotten once it was read.
      await service.metric(loopMetric)
      const [load, done] = await Promise.all([
        runLoad({ port: service.port, streams: [stream] }),
        round === undefined ? undefined : beside.make(origin, of, round),
      ])
      firstLine = load.streams[0].nextLine
      return { stream: load.streams[0], done, longestWaitMs: 1000 * (await service.metric(loopMetric)) }
    }
    await run(warmSeconds)
    for (let round = 1; round <= rounds; round++) {
      const pair = [await run(seconds), await run(seconds, round)]
      runs.push(...pair)
      log(`round ${round}: p99 ${pair.map(({ stream }) => format(p99Of(stream))).join(' and ')} ms`)
    }
    await service.halt()
    return { runs, answers, checked: check(service, answers) }
  } finally {
    await service.stop()
  }
}

/** The bodies of the answers, one a line. */
export function answerLines(files: readonly string[]): readonly string[] {
  return files.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean))
}

function p99Of({ answers }: StreamResult): number {
  return answers['200'].fromDue.p99
}

function errorsOf({ sent, notSent, broken, answers }: StreamResult): number {
  return sent - answers['200'].fromDue.count + notSent + broken
}

interface Described<Done> {
  readonly traffic: string
  /** What there was beside the load, in whole sentences. */
  readonly what: string
  /** How decisions were checked. */
  readonly how: string
  /** A column more, of what was done. */
  readonly column: { readonly name: string; readonly tell: (done: Done) => string }
  /** Of what was done, what counts as an error. */
  readonly lateOf?: (done: Done) => number
  readonly verdicts: readonly string[]
}

export function describeBeside<Done>(
  { name, seconds }: Pick<Beside<Done>, 'name' | 'seconds'>,
  { runs }: Measured<Done>,
  { traffic, what, how, column, lateOf = () => 0, verdicts }: Described<Done>,
): string {
  const rows = runs.map(({ stream, done, longestWaitMs }) => {
    const { p50, p99, p999, max } = stream.answers['200'].fromDue
    const times = [p50, p99, p999, max, longestWaitMs, stream.lateness.p99].map(format)
    const told = done === undefined ? '' : column.tell(done)
    return [done === undefined ? 'nothing' : name, ...times, String(errorsOf(stream)), told]
  })
  const header = ['beside it', 'p50, ms', 'p99, ms', 'p99.9, ms', 'max, ms', "longest wait for the server's thread, ms"]
  const ratios = runs.flatMap(({ stream, done }, i) =>
    done === undefined ? [] : [p99Of(stream) / p99Of(runs[i - 1].stream)],
  )
  const worst = Math.max(...ratios)
  const errors = runs.reduce((sum, { stream, done }) => {
    return sum + errorsOf(stream) + (done === undefined ? 0 : lateOf(done))
  }, 0)
  const late = Math.max(...runs.map(({ stream }) => stream.lateness.p99))
  const lines = [
    ...(late > mostLateMs
      ? [`The times of this run do not count: requests were sent up to ${format(late)} ms late (p99).`]
      : []),
    `p99 beside ${name}: ${ratios.map(format).join(', ')} times that of the run before, without; bar ${barTimes}: ${met(worst <= barTimes)}.`,
    `Errors: ${errors}; bar 0: ${met(errors === 0)}.`,
    ...verdicts,
  ]
  return `${traffic}. ${perSecond} decisions/s on ${connections} connections for ${seconds} s each, from the time at which each was to be sent. ${what}

${markdownTable([...header, 'sent late p99, ms', 'errors', column.name], rows)}

The server is held on core ${serverCore}, the load generator on core ${loadCore}. ${how}

${lines.join('\n')}`
}

/** A verdict on what must not be. */
export function noneOf(what: string, count: number, of: string): string {
  return `${what}: ${count} of ${of}; bar 0: ${met(count === 0)}.`
}

function met(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED'
}
