import type { Contribution } from '../decisioning/contribution.ts'
import { strongest } from '../decisioning/feature-reasons.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import type { ListedText } from '../features/scope.ts'
import type { Predictor } from '../scoring/predictor.ts'

/** Asks one of several models that share a row. */
export class RowScorer {
  readonly predictor: Predictor
  /** Texts whose other values are unknown to the model, by their places among all. */
  readonly listed: readonly ListedText[]
  readonly #whole: Float64Array
  /** What the model gets. */
  readonly #row: Float64Array
  /** Where each of its inputs is in the whole row; undefined where that begins with them. */
  readonly #from: Int32Array | undefined

  /**
   * @param own the features that the model was trained on.
   * @param features all that the whole row is of.
   * @param whole the row, which others fill.
   */
  constructor(predictor: Predictor, own: FeatureSet, features: FeatureSet, whole: Float64Array) {
    const isBeginning = own.names.every((name, i) => features.names[i] === name)
    this.predictor = predictor
    this.listed = own.listed.map(({ text, values }) => {
      const { name, column } = own.layout.texts[text]
      return { text: features.layout.texts.findIndex((each) => each.name === name && each.column === column), values }
    })
    this.#whole = whole
    this.#row = isBeginning ? whole.subarray(0, own.names.length) : new Float64Array(own.names.length)
    this.#from = isBeginning ? undefined : Int32Array.from(own.names, (name) => features.names.indexOf(name))
  }

  /** Of the row as it is now. Throws whatever the model does, and where it gives no probability. */
  score(): number {
    const { probability } = this.predictor.predict(this.#inputs())
    if (!(probability >= 0 && probability <= 1)) throw new RangeError('a probability is between 0 and 1')
    // The log's store knows no -0.
    return probability + 0
  }

  /** What spoke most for fraud in the row as it is now, by the places in the whole row. */
  strongest(): readonly Contribution[] {
    if (this.predictor.explain === undefined) return []
    const { contributions, scale } = this.predictor.explain(this.#inputs())
    const from = this.#from
    const found = strongest(contributions, scale)
    return from === undefined ? found : found.map(({ feature, value }) => ({ feature: from[feature], value }))
  }

  /** The model's inputs in a whole row; undefined where that does not begin with them. */
  inputsIn(whole: Float64Array): Float64Array | undefined {
    return this.#from === undefined ? whole.subarray(0, this.#row.length) : undefined
  }

  #inputs(): Float64Array {
    const from = this.#from
    if (from !== undefined) for (let i = 0; i < from.length; i++) this.#row[i] = this.#whole[from[i]]
    return this.#row
  }
}
