import { createPredictor, readBundle } from '../scoring/load-predictor.ts'
import type { ScoreRow } from './recorded-case.ts'

/** The model of a bundle, whose features begin the rows; a row that it fails on has no score. */
export async function loadScore(bundle: string | null | undefined): Promise<ScoreRow | undefined> {
  if (bundle === undefined) return undefined
  if (bundle === null) return () => undefined
  const predictor = createPredictor(await readBundle(bundle))
  const { length } = predictor.inputs
  return (row) => {
    try {
      const { probability } = predictor.predict(row.subarray(0, length))
      return probability >= 0 && probability <= 1 ? probability : null
    } catch {
      return null
    }
  }
}
