import { setImmediate as nextTurn } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import { createRandom, type Random } from '../core/random.ts'
import type { Dataset } from '../data/dataset.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../models/trees/tree-ensemble.ts'
import { choice, wholeLog } from './dimensions.ts'
import { defineLearner } from './learner.ts'
import { complete, option, type ValuesOf, whole } from './option.ts'
import type { TrainingControl } from './shared-dataset.ts'
import { nEstimators, seed } from './shared-options.ts'

/** Options of an isolation forest, with scikit-learn's names and meaning. */
const isolationOptions = {
  nEstimators: option(100, nEstimators),
  /** At most. */
  sampleSize: option(256, whole({ help: 'that a tree of an isolation forest sees', takes: '<rows>', least: 2 })),
  seed: option(42, seed),
}
type IsolationOptions = ValuesOf<typeof isolationOptions>

const eulerGamma = 0.5772156649015329

/**
 * An isolation forest (Liu, Ting and Zhou, 2008): trees that cut at random, in which what is unlike the rest ends
 * early. No label is looked at. The score is 2^(-mean depth / usual depth), above one half for what is isolated sooner
 * than usual.
 *
 * @throws FraudError OPTION_INVALID, DATA_INVALID (no row, no feature), INTERRUPTED.
 */
export async function trainIsolationForest(
  { features, columns }: Pick<Dataset, 'features' | 'columns'>,
  options: Partial<IsolationOptions> = {},
  control: TrainingControl = {},
): Promise<{ readonly model: TreeEnsemble; readonly options: IsolationOptions }> {
  const chosen = complete(isolationOptions, options)
  const rowCount = columns[0]?.length ?? 0
  if (rowCount === 0) throw new FraudError('DATA_INVALID', 'There are no rows or no features to learn from')
  const size = Math.min(chosen.sampleSize, rowCount)
  const grower = new IsolationGrower(columns, Math.ceil(Math.log2(Math.max(size, 2))))
  for (let tree = 0; tree < chosen.nEstimators; tree++) {
    grower.grow(size, createRandom(chosen.seed, tree + 1))
    if (tree % 10 !== 9) continue
    control.onProgress?.(tree + 1, chosen.nEstimators)
    await nextTurn()
    if (control.signal?.aborted) throw new FraudError('INTERRUPTED', 'Stopped before the end; nothing was written')
  }
  const combination = { kind: 'isolation', usualDepth: Math.max(usualDepth(size), Number.MIN_VALUE) } as const
  return { model: createTreeEnsemble(features, grower.nodes(), combination), options: chosen }
}

/**
 * The mean depth at which a search for a value ends in a binary search tree of so many: what rows in one leaf still
 * lack.
 */
function usualDepth(rows: number): number {
  if (rows <= 1) return 0
  if (rows === 2) return 1
  return 2 * (Math.log(rows - 1) + eulerGamma) - (2 * (rows - 1)) / rows
}

class IsolationGrower {
  readonly #columns: readonly Float64Array[]
  readonly #mostDepth: number
  readonly #roots: number[] = []
  readonly #feature: number[] = []
  readonly #threshold: number[] = []
  readonly #left: number[] = []
  readonly #missingGoesLeft: number[] = []
  readonly #value: number[] = []
  readonly #cover: number[] = []

  constructor(columns: readonly Float64Array[], mostDepth: number) {
    this.#columns = columns
    this.#mostDepth = mostDepth
  }

  grow(size: number, random: Random): void {
    this.#roots.push(this.#feature.length)
    const open = [{ node: this.#addNode(), rows: drawRows(this.#columns[0].length, size, random), depth: 0 }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, rows, depth } = next
      this.#cover[node] = rows.length
      const cut = depth < this.#mostDepth && rows.length > 1 ? this.#drawCut(rows, random) : undefined
      if (cut === undefined) {
        this.#value[node] = depth + usualDepth(rows.length)
        continue
      }
      const [left, right] = [this.#addNode(), this.#addNode()]
      this.#feature[node] = cut.feature
      this.#threshold[node] = cut.threshold
      this.#left[node] = left
      this.#missingGoesLeft[node] = Number(cut.missingGoesLeft)
      open.push({ node: right, rows: cut.right, depth: depth + 1 }, { node: left, rows: cut.left, depth: depth + 1 })
    }
  }

  nodes() {
    return {
      roots: Int32Array.from(this.#roots),
      feature: Int32Array.from(this.#feature),
      threshold: Float64Array.from(this.#threshold),
      left: Int32Array.from(this.#left),
      missingGoesLeft: Uint8Array.from(this.#missingGoesLeft),
      value: Float64Array.from(this.#value),
      cover: Float64Array.from(this.#cover),
    }
  }

  #addNode(): number {
    this.#feature.push(-1)
    for (const part of [this.#threshold, this.#left, this.#missingGoesLeft, this.#value, this.#cover]) part.push(0)
    return this.#feature.length - 1
  }

  /** Draws one of the features that vary among the rows, and a place between its least and its largest value. */
  #drawCut(rows: readonly number[], random: Random) {
    const order = Array.from(this.#columns.keys())
    for (let visited = 0; visited < order.length; visited++) {
      const chosen = visited + random.integer(order.length - visited)
      const feature = order[chosen]
      order[chosen] = order[visited]
      const column = this.#columns[feature]
      const { low, high } = rangeOf(column, rows)
      if (!(low < high)) continue
      // Between doubles that are neighbours, and at what is infinite, the lower one is the cut.
      const drawn = low + random.uniform() * (high - low)
      const threshold = drawn >= low && drawn < high ? drawn : Math.max(low, -Number.MAX_VALUE)
      const left = rows.filter((row) => column[row] <= threshold)
      const right = rows.filter((row) => column[row] > threshold)
      if (left.length === 0 || right.length === 0) continue
      const missing = rows.filter((row) => Number.isNaN(column[row]))
      const missingGoesLeft = left.length >= right.length
      ;(missingGoesLeft ? left : right).push(...missing)
      return { feature, threshold, left, right, missingGoesLeft }
    }
    return undefined
  }
}

function rangeOf(column: Float64Array, rows: readonly number[]): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const row of rows) {
    if (column[row] < low) low = column[row]
    if (column[row] > high) high = column[row]
  }
  return { low, high }
}

/** Without replacement (Floyd's sampling). */
function drawRows(rowCount: number, size: number, random: Random): number[] {
  const drawn = new Set<number>()
  for (let last = rowCount - size; last < rowCount; last++) {
    const row = random.integer(last + 1)
    drawn.add(drawn.has(row) ? last : row)
  }
  return [...drawn]
}

export const isolationForest = defineLearner({
  name: 'isolation-forest',
  isUnsupervised: true,
  options: isolationOptions,
  space: [choice('nEstimators', 100, 200, 400), wholeLog('sampleSize', 64, 4096)],
  train: trainIsolationForest,
})
