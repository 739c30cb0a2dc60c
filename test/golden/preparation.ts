import { readFileSync } from 'node:fs'

/** What preparation.py wrote; null is NaN there. */
export interface PreparationGolden {
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>
  readonly weights: readonly number[]
  readonly scalers: readonly {
    readonly name: string
    readonly mean: readonly (number | null)[]
    readonly scale: readonly (number | null)[]
    readonly transformedRow: readonly (number | null)[]
  }[]
  readonly oversampling: readonly {
    readonly legitimate: number
    readonly frauds: number
    readonly ratio: number
    /** Null where imbalanced-learn refuses the ratio. */
    readonly result: { readonly legitimate: number; readonly frauds: number; readonly distinctRows: number } | null
  }[]
}

export const golden: PreparationGolden = JSON.parse(readFileSync(new URL('preparation.json', import.meta.url), 'utf8'))
