import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { parseDetectorFile } from '../src/detector/detector.ts'
import { compileFeatures } from '../src/features/feature-set.ts'
import { dataDirectory } from '../src/stores/data-directory.ts'
import { SqliteLogReader } from '../src/stores/sqlite/sqlite-log-reader.ts'
import { rejudge } from '../test/rejudge.ts'
import type { Claim } from './harness/claim.ts'
import {
  type DecisionsService,
  loadCore,
  missingForDecisions,
  prepareDecisions,
  runLoad,
  serverCore,
  startDecisions,
} from './harness/decisions-service.ts'
import type { LoadStream, StreamResult } from './harness/load-plan.ts'
import { median } from './harness/measure.ts'
import { cacheFolder } from './harness/peers.ts'
import { type Changed, changeAlong } from './harness/policy-changes-plan.ts'
import { putRules } from './harness/policy-of-rules.ts'
import { ruleWordsOf } from './harness/policy-rules.ts'
import { format, markdownTable } from './harness/report.ts'

const perSecond = 2000
const changes = 50
const rules = 100
const connections = 64
const warmSeconds = 10
const barTimes = 2
const quiet = 'no change'
/** A generator that sends later than this measures itself, or its neighbours. */
const mostLateMs = 5

interface Run {
  readonly name: string
  readonly stream: StreamResult
  readonly changed: Changed | undefined
}

export const policyChanges: Claim = {
  title: 'POST /v1/decisions: while the policy changes',
  packages: [],
  async measure({ rounds = 2, smoke, log }) {
    const missing = missingForDecisions(['taskset'])
    if (missing !== undefined) return missing
    const prepared = await prepareDecisions(smoke, log)
    const { detector } = prepared.traffic
    const count = smoke ? 1 : rounds
    const seconds = smoke ? 3 : 25
    const bodies = `${cacheFolder}bodies-changes.ndjson`
    await prepared.traffic.writeBodies(bodies, perSecond * (2 * count * seconds + warmSeconds))
    const service = await startDecisions(prepared)
    const answers: string[] = []
    const runs: Run[] = []
    try {
      const { origin } = new URL(service.url)
      const words = ruleWordsOf(detector)
      await putRules(origin, detector, rules)
      let firstLine = 0
      const run = async (name: string, of: number, seed?: number) => {
        const file = `${cacheFolder}answers-${answers.length}.ndjson`
        answers.push(file)
        const stream = { ...decisionsFrom(bodies, firstLine), seconds: of, answers: file }
        const making = { count: changes, seconds: of, rules, seed: seed ?? 0 }
        const [load, changed] = await Promise.all([
          runLoad({ port: service.port, streams: [stream] }),
          seed === undefined ? undefined : changeAlong(origin, words, making),
        ])
        firstLine = load.streams[0].nextLine
        return { name, stream: load.streams[0], changed }
      }
      await run('warm', warmSeconds)
      for (let round = 1; round <= count; round++) {
        runs.push(await run(quiet, seconds))
        runs.push(await run(`${changes} changes`, seconds, round))
        log(
          `round ${round}: p99 ${runs
            .slice(-2)
            .map(({ stream }) => format(p99Of(stream)))
            .join(' and ')} ms`,
        )
      }
      await service.halt()
      const checked = checkAnswers(service, detector, answers)
      return describe(prepared.traffic.name, runs, seconds, checked)
    } finally {
      await service.stop()
    }
  },
}

function decisionsFrom(bodies: string, firstLine: number): Omit<LoadStream, 'seconds'> {
  return { route: '/v1/decisions', bodies, firstLine, perSecond, connections }
}

const answerSchema = z.object({
  transactionId: z.string(),
  outcome: z.string(),
  policy: z.number(),
  rules: z.array(z.unknown()),
})

interface Checked {
  readonly decisions: number
  readonly versions: number
  /** Decisions and answers that are not those of the version that they name, and of the one that was in force. */
  readonly mixed: number
  readonly fired: number
}

/** Judges every decision again by a policy made of the version that it names: its record, and its answer. */
function checkAnswers({ folder }: DecisionsService, detectorFile: string, files: readonly string[]): Checked {
  const located = parseDetectorFile(readFileSync(detectorFile, 'utf8'), detectorFile)
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean))
  const answers = new Map(
    lines.map((line) => answerSchema.parse(JSON.parse(line))).map((answer) => [answer.transactionId, answer]),
  )
  const reader = new SqliteLogReader(dataDirectory(folder).logPath)
  const versions = new Set<number>()
  let [decisions, mixed, fired] = [0, 0, 0]
  try {
    const inForce = { detector: located.detector, features: compileFeatures(located) }
    for (const { record, inForce: version, expected } of rejudge(reader, inForce)) {
      const { outcome, policy } = record
      const said = expected.policy?.rules?.map(({ id, state, outcome: of }) => ({ id, state, outcome: of })) ?? []
      const answer = answers.get(record.id)
      const isOne =
        isDeepStrictEqual({ outcome, policy }, expected) &&
        policy?.version === version &&
        answer?.outcome === outcome &&
        answer.policy === version &&
        isDeepStrictEqual(answer.rules, said)
      if (!isOne) mixed++
      answers.delete(record.id)
      versions.add(version)
      decisions++
      fired += said.length
    }
  } finally {
    reader.close()
  }
  return { decisions, versions: versions.size, mixed: mixed + answers.size, fired }
}

function p99Of({ answers }: StreamResult): number {
  return answers['200'].fromDue.p99
}

function describe(traffic: string, runs: readonly Run[], seconds: number, checked: Checked): string {
  const rows = runs.map(({ name, stream, changed }) => {
    const { count, p50, p99, p999, max } = stream.answers['200'].fromDue
    const errors = stream.sent - count + stream.notSent + stream.broken
    const slowest = changed === undefined ? '' : format(Math.max(...changed.answerMs))
    return [name, ...[p50, p99, p999, max].map(format), String(errors), format(stream.lateness.p99), slowest]
  })
  const header = [
    'beside it',
    'p50, ms',
    'p99, ms',
    'p99.9, ms',
    'max, ms',
    'errors',
    'sent late p99, ms',
    'slowest change, ms',
  ]
  const of = (isQuiet: boolean) => runs.filter(({ name }) => (name === quiet) === isQuiet)
  const [without, beside] = [of(true), of(false)].map((some) => median(some.map(({ stream }) => p99Of(stream))))
  const errors = rows.reduce((sum, row) => sum + Number(row[5]), 0)
  const verdicts = [
    `p99 beside ${changes} changes: ${format(beside / without)} times that without; bar ${barTimes}: ${beside <= barTimes * without ? 'met' : 'MISSED'}.`,
    `Errors: ${errors}; bar 0: ${errors === 0 ? 'met' : 'MISSED'}.`,
    `Decisions that are not wholly of the version that they name: ${checked.mixed} of ${checked.decisions.toLocaleString('en-US')}, in ${checked.versions} versions; bar 0: ${checked.mixed === 0 ? 'met' : 'MISSED'}.`,
  ]
  const late = Math.max(...runs.map(({ stream }) => stream.lateness.p99))
  if (late > mostLateMs) {
    verdicts.unshift(`The times of this run do not count: requests were sent up to ${format(late)} ms late (p99).`)
  }
  return `${traffic}. ${perSecond} decisions/s on ${connections} connections for ${seconds} s each, from the time at which each was to be sent; ${rules} rules in force, of which ${format(checked.fired / checked.decisions)} apply to a decision. Changes are rules that are added, changed and switched, thresholds, lists, entries and rollbacks, evenly spread.

${markdownTable(header, rows)}

The server is held on core ${serverCore}, the load generator on core ${loadCore}. Every record and every answer was judged again by a policy made of the definitions of the version that it names.

${verdicts.join('\n')}`
}
