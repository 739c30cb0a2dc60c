import { FraudError } from '../core/errors.ts'
import { readGraph } from './loaders/onnx-format.ts'
import type { Model } from './model.ts'
import { openGraph } from './onnx-runtime.ts'

/** A graph of another library's operations, which ONNX Runtime runs. Its output is the probability of fraud, or of both classes. */
export interface OnnxGraph extends Model {
  readonly kind: 'onnx'
  /** As an ONNX file. */
  readonly graph: Uint8Array
  readonly input: string
  readonly output: string
}

/** How far a sum of many shares in single precision may be below 0 or above 1. */
const roundingNoise = 1e-5

/**
 * Makes a graph ready.
 *
 * @param invalid makes the error for a graph that ONNX Runtime refuses.
 * @throws FraudError RUNTIME_MISSING where there is no ONNX Runtime; MODEL_INVALID, MODEL_UNSUPPORTED for a graph that is
 *   damaged or may never end. A model's predictions throw MODEL_UNSUPPORTED for a
 *   row to which the graph gives no probability.
 */
export function createOnnxGraph(
  features: readonly string[],
  { graph, input, output }: Pick<OnnxGraph, 'graph' | 'input' | 'output'>,
  invalid: (reason: string) => Error,
): OnnxGraph {
  const width = features.length
  const attempt = <Result>(work: () => Result): Result => {
    try {
      return work()
    } catch (error) {
      if (error instanceof FraudError) throw error
      throw invalid(`ONNX Runtime refuses it: ${error instanceof Error ? error.message : error}`)
    }
  }
  // Checked here, too, since a bundle comes from anywhere.
  readGraph(graph)
  const run = attempt(() => openGraph(graph, { input, output, width }))
  const probabilityAt = (rows: Float64Array, start: number) => {
    const answer = attempt(() => run(rows, start))
    const probability = answer[answer.length - 1]
    const isNumber = answer.length <= 2 && typeof probability === 'number'
    if (isNumber && probability >= -roundingNoise && probability <= 1 + roundingNoise)
      return Math.min(1, Math.max(0, probability))
    const missing = features.filter((_, i) => Number.isNaN(rows[start + i]))
    throw new FraudError(
      'MODEL_UNSUPPORTED',
      `The ONNX model answers ${Array.from(answer).join(', ') || 'nothing'}, which is not a probability` +
        (missing.length > 0 ? `, where these are missing: ${missing.join(', ')}` : ''),
    )
  }
  return {
    kind: 'onnx',
    ...{ features, graph, input, output },
    predictProba: (row) => probabilityAt(row, 0),
    // One by one: ONNX Runtime adds up many rows at once in another order.
    predictProbaOfRows: (rows) =>
      Float64Array.from({ length: rows.length / width }, (_, row) => probabilityAt(rows, row * width)),
  }
}
