import { pickKnown } from '../core/rows.ts'
import { sortNumbers } from '../core/sort-numbers.ts'
import type { Segment } from '../evaluation/segment-figures.ts'
import { compileDetector } from '../features/feature-set.ts'
import { comparableAmounts, type LabelledRows } from './labelled-rows.ts'

/** Segments that divide the rows by one thing. */
export interface Division {
  readonly by: string
  readonly segments: readonly Segment[]
}

/** A category, or a number such as 0 and 1, with more values than this is no division that a person reads. */
const mostTexts = 12
const mostNumbers = 4
const mostDivisions = 8

/**
 * What the rows of a part divide into: bands of the amount, cards that are new and those that are not, and the values of
 * features that have few.
 *
 * @param before rows that were there when the part began; undefined where it did not begin at one time.
 */
export function divide(rows: LabelledRows, part: Uint32Array, before: Uint32Array | undefined): readonly Division[] {
  const divisions = [...byAmount(rows, part), ...byCard(rows, part, before), ...byValues(rows, part)]
  return divisions.filter(({ segments }) => segments.length > 1).slice(0, mostDivisions)
}

function gather(count: number, part: Uint32Array, segmentOf: (row: number) => number): readonly Uint32Array[] {
  const places = Array.from({ length: count }, (): number[] => [])
  part.forEach((row, place) => {
    places[segmentOf(row)].push(place)
  })
  return places.map((each) => Uint32Array.from(each))
}

function named(names: readonly string[], places: readonly Uint32Array[]): readonly Segment[] {
  return names.flatMap((name, i) => (places[i].length === 0 ? [] : [{ name, places: places[i] }]))
}

const bandShares = [0.5, 0.8, 0.95, 0.99]

/** Half of the rows are in the first band, and one in a hundred in the last, but for the rounding of their edges. */
function byAmount(rows: LabelledRows, part: Uint32Array): readonly Division[] {
  const amounts = comparableAmounts(rows)
  if (amounts === undefined) return []
  const known = sortNumbers(pickKnown(amounts, part))
  if (known.length === 0) return []
  const quantiles = bandShares.map((share) => roundAmount(known[Math.floor(share * (known.length - 1))]))
  const edges = [...new Set(quantiles)].filter((edge) => edge > known[0] && edge <= known[known.length - 1])
  const show = (amount: number) => amount.toLocaleString('en', { maximumSignificantDigits: 12 })
  const names = [
    ...edges.map((edge, i) => (i === 0 ? `under ${show(edge)}` : `${show(edges[i - 1])} to under ${show(edge)}`)),
    ...(edges.length === 0 ? ['any'] : [`${show(edges[edges.length - 1])} and more`]),
    'unknown',
  ]
  const bandOf = (amount: number) =>
    Number.isNaN(amount) ? edges.length + 1 : edges.filter((edge) => amount >= edge).length
  return [
    {
      by: 'amount',
      segments: named(
        names,
        gather(names.length, part, (row) => bandOf(amounts[row])),
      ),
    },
  ]
}

/** To 1, 2 or 5 and zeros, the nearest by their ratio. */
function roundAmount(amount: number): number {
  if (!(amount > 0)) return amount
  const unit = 10 ** Math.floor(Math.log10(amount))
  const steps = [1, 2, 5, 10]
  const distance = (step: number) => Math.abs(Math.log(amount / (step * unit)))
  const nearest = steps.reduce((best, step) => (distance(step) < distance(best) ? step : best))
  return Number((nearest * unit).toPrecision(1))
}

function byCard({ cards }: LabelledRows, part: Uint32Array, before: Uint32Array | undefined): readonly Division[] {
  if (cards === undefined || before === undefined) return []
  const seen = new Uint8Array(cards.reduce((most, card) => Math.max(most, card), -1) + 1)
  for (const row of before) if (cards[row] >= 0) seen[cards[row]] = 1
  const kindOf = (card: number) => (card < 0 ? 2 : 1 - seen[card])
  const names = ['seen before the test', 'first seen in the test', 'without a card']
  return [
    {
      by: 'card',
      segments: named(
        names,
        gather(names.length, part, (row) => kindOf(cards[row])),
      ),
    },
  ]
}

function byValues({ detector, features, columns }: LabelledRows, part: Uint32Array): readonly Division[] {
  const { categories } = compileDetector(detector)
  return features.flatMap((feature, i): readonly Division[] => {
    const texts = categories[feature]
    const column = columns[i]
    const values = distinct(column, part, texts === undefined ? mostNumbers : mostTexts)
    if (values === undefined) return []
    const nameOf = (value: number) => {
      if (Number.isNaN(value)) return texts === undefined ? 'missing' : 'missing or not listed'
      return texts?.[value] ?? String(value)
    }
    const placeOf = new Map(values.map((value, place) => [value, place]))
    const places = gather(values.length, part, (row) => placeOf.get(column[row]) ?? 0)
    return [{ by: feature, segments: named(values.map(nameOf), places) }]
  })
}

/** The values in their order, the missing one last; undefined where there are too many. */
function distinct(column: Float64Array, part: Uint32Array, most: number): readonly number[] | undefined {
  const values = new Set<number>()
  for (const row of part) {
    values.add(column[row])
    if (values.size > most) return undefined
  }
  return [...values].sort((a, b) => Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || a - b)
}
