import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { DeploymentProjection } from '../src/deciding/deployment-projection.ts'
import { outcomeByThresholds } from '../src/decisioning/thresholds.ts'
import type { DecisionRecord, Definition } from '../src/log/log-record.ts'
import type { Predictor } from '../src/scoring/predictor.ts'
import { dataDirectory } from '../src/stores/data-directory.ts'
import { SqliteLogReader } from '../src/stores/sqlite/sqlite-log-reader.ts'
import type { Claim } from './harness/claim.ts'
import { missingForDecisions, prepareDecisions } from './harness/decisions-service.ts'
import { answerLines, describeBeside, measureBeside, noneOf } from './harness/load-beside.ts'
import { addModels, type ModelToSwap, swapAlong, swaps, trainModels } from './harness/models-to-swap.ts'
import { format } from './harness/report.ts'

/** Of what is wrong, so many are printed. */
const mostShown = 3

export const modelSwaps: Claim = {
  title: 'POST /v1/decisions: while models are swapped',
  packages: [],
  async measure({ rounds = 1, smoke, log }) {
    const missing = missingForDecisions(['taskset'])
    if (missing !== undefined) return missing
    const prepared = await prepareDecisions(smoke, log)
    const models = await trainModels(prepared, log)
    const firstSequence = lastSequenceOf(prepared.dataFolder)
    const beside = {
      ...{ name: `${swaps} swaps`, files: 'swaps', warmSeconds: 5, seconds: smoke ? 10 : 40, rounds, log },
      prepare: (origin: string) => addModels(origin, models),
      make: (origin: string, seconds: number) => swapAlong(origin, models, seconds),
    }
    const measured = await measureBeside(prepared, beside, ({ folder }, answers) =>
      checkDecisions(folder, firstSequence, models, answers, log),
    )
    const { decisions, models: seen, mixed, degraded, unscored } = measured.checked
    const [all, without, late] = [decisions, degraded, unscored].map((count) => count.toLocaleString('en-US'))
    const wrong = 'Decisions that are not wholly of the model that the log calls for'
    return describeBeside(beside, measured, {
      traffic: prepared.traffic.name,
      what: 'For two of the swaps histories of features that the model before lacks are made of the log. A swap that ended after the load is an error.',
      how: "Every decision was made again of its recorded row, by the model that the log's deployments call for at its place, and compared with its record and its answer.",
      column: { name: 'each swap, s', tell: ({ tookMs }) => tookMs.map((ms) => format(ms / 1000)).join(', ') },
      lateOf: ({ late }) => late,
      verdicts: [
        noneOf(wrong, mixed, `${all}, by ${seen} models`),
        `Degraded: ${without}; without a score, after the deadline: ${late}.`,
      ],
    })
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
  const answers = new Map(
    answerLines(files)
      .map((line) => answerSchema.parse(JSON.parse(line)))
      .map((answer) => [answer.transactionId, answer]),
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
