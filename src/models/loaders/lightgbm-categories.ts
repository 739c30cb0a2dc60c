import { FraudError } from '../../core/errors.ts'
import { z } from '../../core/zod.ts'
import type { TreeEnsemble } from '../trees/tree-ensemble.ts'
import { type CategoryOrders, categoryFeatures, thresholdFeatures } from './category-orders.ts'

type Order = readonly string[]

const listsSchema = z.array(z.array(z.union([z.string(), z.number(), z.boolean()]).transform(String))).nullable()

/**
 * The order of a LightGBM model's categories. Its file has a list for each column of the data frame that was a category,
 * in the order of the columns, but not for which columns: not for those that were numbers until `categorical_feature`
 * named them, but also for those that `categorical_feature` left out, that are ordered, or that were constant. Which
 * they are is told by what the columns held in training as far as only one way fits, and else by a detector that
 * lists the very same categories.
 *
 * @param declared by feature: the categories that the detector lists.
 */
export function lightgbmOrders(
  text: string,
  { features, nodes }: TreeEnsemble,
  declared: (feature: string) => Order | undefined,
): CategoryOrders {
  const split = categoryFeatures(nodes)
  const lists = readLists(text)
  if (lists === undefined) return { told: new Map(), untold: new Map([...split].map((i) => [features[i], []])) }
  const infos = (/^feature_infos=(.*)$/m.exec(text)?.[1] ?? '').trim().split(' ')
  const fits = features.map((_, i) => lists.map((list) => mayHold(infos[i] ?? 'none', list.length)))
  const open = optionsOf(fits, lists.length)
  if (open === undefined) {
    throw new FraudError(
      'MODEL_INVALID',
      'This is not a usable LightGBM model: its lists of categories fit none of its features',
    )
  }
  const isListed = features.map((name, i) => {
    const own = declared(name)
    return own !== undefined && open[i].lists.some((list) => isSameOrder(lists[list], own))
  })
  const confirmed = fits.map((row, i) =>
    isListed[i] ? row.map((fit, list) => fit && isSameOrder(lists[list], declared(features[i]) ?? [])) : row,
  )
  const options = optionsOf(confirmed, lists.length, isListed) ?? open
  const told = new Map<string, Order>()
  const untold = new Map<string, readonly Order[]>()
  for (const i of new Set([...split, ...thresholdFeatures(nodes)])) {
    const orders = options[i].lists.map((list) => lists[list])
    if (orders.length === 0) continue
    const isSure = !options[i].mayHaveNone && orders.every((order) => isSameOrder(order, orders[0]))
    if (isSure) told.set(features[i], orders[0])
    else untold.set(features[i], orders)
  }
  return { told, untold }
}

export function isSameOrder(a: Order, b: Order): boolean {
  return a.length === b.length && a.every((category, i) => category === b[i])
}

/** Undefined where the file has no such line, since a program other than Python's package saved it. */
function readLists(text: string): readonly Order[] | undefined {
  const line = /^pandas_categorical:(.*)$/m.exec(text)?.[1]
  if (line === undefined) return undefined
  try {
    return listsSchema.parse(JSON.parse(line)) ?? []
  } catch (cause) {
    const reason = 'its line pandas_categorical is damaged'
    throw new FraudError('MODEL_INVALID', `This is not a usable LightGBM model: ${reason}`, { cause })
  }
}

/** Whether a column that held this in training, by its entry in `feature_infos`, may be a category of so many values. */
function mayHold(info: string, count: number): boolean {
  if (info === 'none') return true
  const values = info
    .replace(/^\[|\]$/g, '')
    .split(':')
    .map(Number)
  // A category that is missing is -1, but for one that is split at thresholds, which has a range in brackets.
  const least = info.startsWith('[') ? 0 : -1
  return values.every((value) => Number.isInteger(value) && value >= least && value < count)
}

interface Options {
  readonly lists: readonly number[]
  readonly mayHaveNone: boolean
}

/**
 * For each column the lists that it may have, where every list has a column, and the columns have their lists' order.
 * Undefined where there is no such way.
 *
 * @param mustHaveOne the columns that have one for sure.
 */
function optionsOf(
  fits: readonly (readonly boolean[])[],
  lists: number,
  mustHaveOne: readonly boolean[] = [],
): Options[] | undefined {
  const width = fits.length
  // Whether the columns before one can take the first so many lists, and those from one on the lists from so many on.
  const before = Array.from({ length: width + 1 }, () => new Uint8Array(lists + 1))
  const after = Array.from({ length: width + 1 }, () => new Uint8Array(lists + 1))
  before[0][0] = 1
  after[width][lists] = 1
  for (let column = 0; column < width; column++) {
    for (let taken = 0; taken <= lists; taken++) {
      const skips = before[column][taken] === 1 && !mustHaveOne[column]
      const takes = taken > 0 && before[column][taken - 1] === 1 && fits[column][taken - 1]
      before[column + 1][taken] = Number(skips || takes)
    }
  }
  for (let column = width - 1; column >= 0; column--) {
    for (let taken = 0; taken <= lists; taken++) {
      const skips = after[column + 1][taken] === 1 && !mustHaveOne[column]
      const takes = taken < lists && after[column + 1][taken + 1] === 1 && fits[column][taken]
      after[column][taken] = Number(skips || takes)
    }
  }
  if (after[0][0] === 0) return undefined
  return fits.map((row, column) => ({
    lists: row.flatMap((fit, list) => (fit && before[column][list] && after[column + 1][list + 1] ? [list] : [])),
    mayHaveNone:
      !mustHaveOne[column] && before[column].some((reached, taken) => reached === 1 && after[column + 1][taken] === 1),
  }))
}
