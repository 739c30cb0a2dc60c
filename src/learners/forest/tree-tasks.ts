import type { TreeNodes } from '../../models/trees/tree-nodes.ts'
import type { BinnedDataset } from './grower.ts'
import type { GrownTree } from './tree-builder.ts'
import type { RandomForestOptions } from './tree-options.ts'

/** What a thread of a forest gets once. */
export interface TreeWorkerData extends BinnedDataset {
  readonly options: RandomForestOptions
  readonly rareRows: Uint32Array
  /** For each feature: further cuts, for splits that Gini alone would not choose. */
  readonly extraCuts: readonly (readonly number[])[]
}

export type TreeTask =
  | { readonly bin: number }
  | { readonly arrange: RowRange }
  | { readonly grow: number }
  | { readonly outOfBag: OutOfBagTask }
export type TreeResult = GrownTree | undefined

/** Rows `from` up to, not including, `to`. */
export interface RowRange {
  readonly from: number
  readonly to: number
}

/** Rows to be scored by the trees that did not see them. */
export interface OutOfBagTask extends RowRange {
  readonly nodes: TreeNodes
  /** In shared memory, one per row: NaN where every tree saw the row. */
  readonly scores: Float64Array
}
