import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { DeploymentProjection } from '../src/deciding/deployment-projection.ts'
import { outcomeByThresholds } from '../src/decisioning/thresholds.ts'
import type { DecisionRecord, Definition } from '../src/log/log-record.ts'
import type { Predictor } from '../src/scoring/predictor.ts'
import { dataDirectory } from '../src/stores/data-directory.ts'
import { SqliteLogReader } from '../src/stores/sqlite/sqlite-log-reader.ts'
import type { Claim } from './harness/claim.ts'
import {
  loadCore,
  missingForDecisions,
  prepareDecisions,
  runLoad,
  serverCore,
  startDecisions,
} from './harness/decisions-service.ts'
import type { StreamResult } from './harness/load-plan.ts'
import { addModels, type ModelToSwap, type Swapped, swapAlong, swaps, trainModels } from './harness/models-to-swap.ts'
import { cacheFolder } from './harness/peers.ts'
import { format, markdownTable } from './harness/report.ts'

const perSecond = 2000
const connections = 64
const warmSeconds = 5
const barTimes = 2
/** A generator that sends later than this measures itself, or its neighbours. */
const mostLateMs = 5
/** Of what is wrong, so many are printed. */
const mostShown = 3

interface Run {
  readonly name: string
  readonly stream: StreamResult
  readonly swapped: Swapped | undefined
}

export const modelSwaps: Claim = {
  title: 'POST /v1/decisions: while models are swapped',
  packages: [],
  async measure({ rounds = 1, smoke, log }) {
    const missing = missingForDecisions(['taskset'])
    if (missing !== undefined) return missing
    const prepared = await prepareDecisions(smoke, log)
    const models = await trainModels(prepared, log)
    const seconds = smoke ? 10 : 40
    const bodies = `${cacheFolder}bodies-swaps.ndjson`
    await prepared.traffic.writeBodies(bodies, perSecond * (2 * rounds * seconds + warmSeconds))
    const firstSequence = lastSequenceOf(prepared.dataFolder)
    const service = await startDecisions(prepared)
    const answers: string[] = []
    const runs: Run[] = []
    try {
      const { origin } = new URL(service.url)
      await addModels(origin, models)
      let firstLine = 0
      const run = async (name: string, of: number, isSwapping = false) => {
        const file = `${cacheFolder}answers-${answers.length}.ndjson`
        answers.push(file)
        const stream = { route: '/v1/decisions', bodies, firstLine, perSecond, connections, seconds: of, answers: file }
        const [load, swapped] = await Promise.all([
          runLoad({ port: service.port, streams: [stream] }),
          isSwapping ? swapAlong(origin, models, of) : undefined,
        ])
        firstLine = load.streams[0].nextLine
        return { name, stream: load.streams[0], swapped }
      }
      await run('warm', warmSeconds)
      for (let round = 1; round <= rounds; round++) {
        runs.push(await run('no swap', seconds))
        runs.push(await run(`${swaps} swaps`, seconds, true))
      }
      await service.halt()
      const checked = checkDecisions(service.folder, firstSequence, models, answers, log)
      return describe(prepared.traffic.name, runs, seconds, checked)
    } finally {
      await service.stop()
    }
  },
}

function lastSequenceOf(folder: string): number {
  const reader = new SqliteLogReader(dataDirectory(folder).logPath)
  try {
    return reader.lastSequence()
  } finally {
    reader.close()
  }
}

const answerSchema = z.object({
  transactionId: z.string(),
  outcome: z.string(),
  score: z.number().nullable(),
  model: z.string().nullable(),
})

interface Checked {
  readonly decisions: number
  readonly models: number
  /** Decisions and answers that are not those of the model that was in force at their place in the log. */
  readonly mixed: number
  /** Among all, those that say that they rest on less than they should. */
  readonly degraded: number
  /** That came after the policy's deadline, and so without a score. */
  readonly unscored: number
}

/** Decides everything again by the model that the log's deployments call for at its place, of the row that is recorded. */
function checkDecisions(
  folder: string,
  firstSequence: number,
  models: readonly ModelToSwap[],
  files: readonly string[],
  log: (line: string) => void,
): Checked {
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean))
  const answers = new Map(
    lines.map((line) => answerSchema.parse(JSON.parse(line))).map((answer) => [answer.transactionId, answer]),
  )
  const predictors = new Map(models.map(({ predictor }) => [predictor.modelId, predictor]))
  const deployments = new DeploymentProjection()
  const seen = new Set<string>()
  let [decisions, mixed, degraded, unscored] = [0, 0, 0, 0]
  const reader = new SqliteLogReader(dataDirectory(folder).logPath)
  try {
    for (let after = firstSequence; ; ) {
      const records = reader.next(after)
      if (records.length === 0) break
      for (const record of records) {
        after = record.sequence
        deployments.take(record, record.sequence)
        if (record.kind !== 'decision') continue
        const modelId = deployments.inForce.champion ?? models[0].predictor.modelId
        const isOne = isOf(record, reader.definition(record.definition), predictors.get(modelId))
        const answer = answers.get(record.id)
        const { score, outcome } = record
        // One whose answer did not come is an error of its run.
        const isAnswered =
          answer === undefined || isDeepStrictEqual(answer, { ...answer, score, outcome, model: modelId })
        if (!isOne || !isAnswered) {
          mixed++
          if (mixed <= mostShown) log(`mixed: ${JSON.stringify({ isOne, modelId, answer, record })}`)
        }
        if (score === null) unscored++
        answers.delete(record.id)
        seen.add(modelId)
        decisions++
        if (record.degraded.length > 0) degraded++
      }
    }
  } finally {
    reader.close()
  }
  return { decisions, models: seen.size, mixed: mixed + answers.size, degraded, unscored }
}

function isOf(record: DecisionRecord, definition: Definition, predictor: Predictor | undefined): boolean {
  if (predictor === undefined || record.model !== undefined || definition.model !== predictor.modelId) return false
  const row = Float64Array.from(predictor.inputs, (name) => record.row[definition.features.indexOf(name)])
  if (record.score === null) {
    return record.degraded.includes('deadline-passed') && record.outcome === definition.policy.whenUnavailable
  }
  const score = predictor.predict(row).probability
  return record.score === score && record.outcome === outcomeByThresholds(definition.policy, score)
}

function describe(traffic: string, runs: readonly Run[], seconds: number, checked: Checked): string {
  const errorsOf = ({ sent, notSent, broken, answers }: StreamResult) =>
    sent - answers['200'].fromDue.count + notSent + broken
  const rows = runs.map(({ name, stream, swapped }) => {
    const { p50, p99, p999, max } = stream.answers['200'].fromDue
    const took = swapped === undefined ? '' : swapped.tookMs.map((ms) => format(ms / 1000)).join(', ')
    return [name, ...[p50, p99, p999, max].map(format), String(errorsOf(stream)), format(stream.lateness.p99), took]
  })
  const times = ['p50, ms', 'p99, ms', 'p99.9, ms', 'max, ms']
  const header = ['beside it', ...times, 'errors', 'sent late p99, ms', 'each swap, s']
  const p99Of = (isSwapping: boolean) => {
    const some = runs.filter(({ swapped }) => (swapped !== undefined) === isSwapping)
    return Math.max(...some.map(({ stream }) => stream.answers['200'].fromDue.p99))
  }
  const times99 = p99Of(true) / p99Of(false)
  const errors = runs.reduce((sum, { stream, swapped }) => sum + errorsOf(stream) + (swapped?.late ?? 0), 0)
  const verdicts = [
    `p99 beside ${swaps} swaps: ${format(times99)} times that without; bar ${barTimes}: ${times99 <= barTimes ? 'met' : 'MISSED'}.`,
    `Errors, and swaps that ended after the load: ${errors}; bar 0: ${errors === 0 ? 'met' : 'MISSED'}.`,
    `Decisions that are not wholly of the model that the log calls for: ${checked.mixed} of ${checked.decisions.toLocaleString('en-US')}, by ${checked.models} models; bar 0: ${checked.mixed === 0 ? 'met' : 'MISSED'}. Degraded: ${checked.degraded.toLocaleString('en-US')}; without a score, after the deadline: ${checked.unscored.toLocaleString('en-US')}.`,
  ]
  const late = Math.max(...runs.map(({ stream }) => stream.lateness.p99))
  if (late > mostLateMs) {
    verdicts.unshift(`The times of this run do not count: requests were sent up to ${format(late)} ms late (p99).`)
  }
  return `${traffic}. ${perSecond} decisions/s on ${connections} connections for ${seconds} s each, from the time at which each was to be sent. For two of the swaps histories of features that the model before lacks are made of the log.

${markdownTable(header, rows)}

The server is held on core ${serverCore}, the load generator on core ${loadCore}. Every decision was made again of its recorded row, by the model that the log's deployments call for at its place, and compared with its record and its answer.

${verdicts.join('\n')}`
}
