import { FraudError } from '../../core/errors.ts'
import { option } from '../../core/option.ts'
import type { Progress } from '../../core/progress.ts'
import { mostCategories } from '../trees/category-sets.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../trees/tree-ensemble.ts'
import { type CategoryOrders, renumberCategories, thresholdFeatures } from './category-orders.ts'
import { isSameOrder } from './lightgbm-categories.ts'

export interface DetectorCategories {
  /** The detector's feature that an input of the model is. */
  nameOf(input: string): string
  /** The categories that the detector lists, by feature. */
  readonly declared: Readonly<Record<string, readonly string[]>>
  /** Whether its numbers for categories are the library's, where nothing shows that they are not. */
  readonly areTrusted: boolean
}

/** The end of a sentence that says what else can be done. */
export const orTrust = `or, where the detector gives the very numbers that the library gave its categories, use ${option('categoryNumbers')}`

/**
 * The model with the categories that the detector gives: they must be those that its library numbered, or other ones
 * would be scored. Where the library numbered whole numbers and the detector gives them as they are, the model takes
 * them so.
 *
 * @throws FraudError DETECTOR_INVALID, MODEL_UNSUPPORTED, with what to do.
 */
export function settleCategories(
  model: TreeEnsemble,
  { told, untold }: CategoryOrders,
  detector: DetectorCategories,
  { note, warn }: Pick<Progress, 'note' | 'warn'>,
): TreeEnsemble {
  const { nameOf, declared, areTrusted } = detector
  for (const [input, orders] of untold) {
    const name = nameOf(input)
    const own = declared[name]
    const isOtherOrder = own !== undefined && orders.some((order) => isSameOrder(order.toSorted(), own.toSorted()))
    if (!areTrusted || isOtherOrder) throw whyUntold(name, orders, own)
    warn(`The model's file does not record the order of the categories of ${name}: its numbers are used as they are`)
  }
  const split = new Set(model.nodes.feature)
  const atThresholds = thresholdFeatures(model.nodes)
  const numbers = new Map<number, readonly number[]>()
  for (const [input, order] of told) {
    const name = nameOf(input)
    const feature = model.features.indexOf(name)
    const own = declared[name]
    if (!split.has(feature) || (own !== undefined && isSameOrder(own, order))) continue
    const says = `The model numbers the categories of ${input} from 0 on in this order: ${order.join(', ')}`
    if (own !== undefined) {
      throw new FraudError('DETECTOR_INVALID', `${says}; list them so under ${name}, not ${own.join(', ')}`)
    }
    if (areTrusted) {
      warn(`${says}; ${name} is taken to be such a number`)
      continue
    }
    const whole = order.map(wholeNumber)
    if (whole.every((number, i) => number === i)) continue
    const isReadable = whole.every((number) => number !== undefined)
    if (!isReadable || atThresholds.has(feature)) {
      const reason = isReadable ? '' : `, and ${name} is a number`
      throw new FraudError(
        'DETECTOR_INVALID',
        `${says}${reason}: make it one with the kind of feature "category" and these values, ${orTrust}`,
      )
    }
    note(`${name}: the model's ${order.length} categories are whole numbers, used as they are`)
    numbers.set(feature, whole)
  }
  const nodes = renumberCategories(model.nodes, numbers)
  return nodes === model.nodes ? model : createTreeEnsemble(model.features, nodes, model.combination)
}

/** A category that is a whole number, as the model can take it. */
function wholeNumber(category: string): number | undefined {
  const number = category === 'false' ? 0 : category === 'true' ? 1 : Number(category)
  const isWritten = String(number) === category || category === 'false' || category === 'true'
  return isWritten && Number.isInteger(number) && number >= 0 && number < mostCategories ? number : undefined
}

function whyUntold(
  name: string,
  orders: readonly (readonly string[])[],
  own: readonly string[] | undefined,
): FraudError {
  if (orders.length === 0) {
    return new FraudError(
      'MODEL_UNSUPPORTED',
      `The model splits on the categories of ${name}, and its file does not record their order: train it on a data frame ` +
        `with XGBoost 3.1 or later, or with LightGBM in Python, ${orTrust}`,
    )
  }
  return new FraudError(
    'DETECTOR_INVALID',
    `The model numbers categories from 0 on in this order: ${orders.map((order) => order.join(', ')).join('; or ')}. Its file does not tell ` +
      `whether they are those of ${name}${own === undefined ? '' : `, where the detector lists ${own.join(', ')}`}. List them ` +
      `with the kind of feature "category" where they belong, ${orTrust}`,
  )
}
