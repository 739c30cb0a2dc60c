import { availableParallelism } from 'node:os'
import { shared, sharedCopy } from '../core/shared-memory.ts'
import { ThreadPool } from '../core/thread-pool.ts'
import { workerScript } from '../core/worker-script.ts'
import { decodeBundle } from '../models/bundle.ts'
import { calibrate } from '../models/calibration.ts'
import { predictsFraud } from '../models/prediction-threshold.ts'
import { createRowsScorer } from './load-predictor.ts'

/** Rows that are scored at once, so that only they are copied. */
const rowsAtOnce = 16_384

/** What the threads of a scoring share; all but the bundle lies in shared memory. */
export interface ColumnsToScore {
  readonly bundle: Uint8Array
  /** For each input, in the model's order. */
  readonly columns: readonly Float64Array[]
  readonly probability: Float64Array
  /** 1 where the bundle's threshold says fraud. */
  readonly prediction: Float64Array
}

/**
 * Scores every row of columns, on all cores where there are many rows.
 *
 * @param bundle the bytes of a bundle file.
 * @throws FraudError BUNDLE_INVALID, INTERRUPTED; of a graph of ONNX also RUNTIME_MISSING, and MODEL_UNSUPPORTED where a
 *   row has no probability.
 */
export async function scoreColumns(
  bundle: Uint8Array,
  columns: readonly Float64Array[],
  { threads = availableParallelism(), signal }: { readonly threads?: number; readonly signal?: AbortSignal } = {},
): Promise<Pick<ColumnsToScore, 'probability' | 'prediction'>> {
  const rows = columns[0].length
  const answers = () => shared(Float64Array, rows)
  const work: ColumnsToScore = { bundle, columns, probability: answers(), prediction: answers() }
  const firsts = Array.from({ length: Math.ceil(rows / rowsAtOnce) }, (_, block) => block * rowsAtOnce)
  if (threads === 1 || firsts.length < 2) {
    const scoreBlock = createBlockScorer(work)
    for (const first of firsts) scoreBlock(first)
    return work
  }
  const sharedColumns = columns.map((column) => sharedCopy(Float64Array, column))
  const script = workerScript('./score-columns-worker', import.meta.url)
  const options = { threads: Math.min(threads, firsts.length), ...(signal && { signal }) }
  const pool = new ThreadPool<number, undefined>(script, { ...work, columns: sharedColumns }, options)
  try {
    await pool.run(firsts)
  } finally {
    await pool.close()
  }
  return work
}

/** Scores the rows of a block, which begins at a row. */
export function createBlockScorer({ bundle, columns, probability, prediction }: ColumnsToScore) {
  const decoded = decodeBundle(bundle)
  const score = createRowsScorer(decoded)
  const width = columns.length
  return (first: number): void => {
    const count = Math.min(rowsAtOnce, probability.length - first)
    const rows = new Float64Array(count * width)
    for (let feature = 0; feature < width; feature++) {
      const column = columns[feature]
      for (let row = 0; row < count; row++) rows[row * width + feature] = column[first + row]
    }
    score(rows).forEach((given, row) => {
      const own = calibrate(decoded.calibration, given)
      probability[first + row] = own
      prediction[first + row] = Number(predictsFraud(decoded.threshold, own))
    })
  }
}
