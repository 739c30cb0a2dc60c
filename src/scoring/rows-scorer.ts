import { availableParallelism } from 'node:os'
import { ThreadPool } from '../core/thread-pool.ts'
import { workerScript } from '../core/worker-script.ts'
import { type LearnedModel, writeModel } from '../models/learned-model.ts'
import type { WrittenModel } from '../models/model-kind.ts'
import type { Scaling } from '../models/scaling.ts'
import { createRowsScorer } from './load-predictor.ts'
import { isSlow } from './shared-model.ts'

/** What a thread scores by. */
export interface ModelToScore {
  readonly features: readonly string[]
  readonly written: WrittenModel
  readonly scaling?: Scaling
}

/** Raw scores of rows that stand one behind the other, which are not changed. */
export type ScoreRows = (rows: Float64Array) => Promise<Float64Array>

/** Lets `work` score rows by a model: large forests on all cores. The scores are the same to the bit for any number of threads. */
export async function withRowsScorer<Result>(
  { model, scaling }: { readonly model: LearnedModel; readonly scaling?: Scaling | undefined },
  { threads = availableParallelism(), signal }: { readonly threads?: number | undefined; readonly signal: AbortSignal },
  work: (score: ScoreRows) => Promise<Result>,
): Promise<Result> {
  const parts = { model, ...(scaling && { scaling }) }
  if (threads === 1 || !isSlow(model)) {
    const score = createRowsScorer(parts)
    return work(async (rows) => score(rows))
  }
  const { features } = model
  const data: ModelToScore = { features, written: writeModel(model), ...(scaling && { scaling }) }
  const script = workerScript('./rows-scorer-worker', import.meta.url)
  const pool = new ThreadPool<Float64Array, Float64Array>(script, data, { threads, signal })
  try {
    return await work(async (rows) => {
      const length = Math.ceil(rows.length / features.length / threads) * features.length
      const shares = Array.from({ length: threads }, (_, i) => rows.slice(i * length, (i + 1) * length))
      const answers = await pool.run(shares)
      const scores = new Float64Array(rows.length / features.length)
      let at = 0
      for (const answer of answers) {
        scores.set(answer, at)
        at += answer.length
      }
      return scores
    })
  } finally {
    await pool.close()
  }
}
