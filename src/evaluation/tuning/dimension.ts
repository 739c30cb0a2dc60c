import type { Choice, Range } from '../../learners/dimensions.ts'

export type { Dimension } from '../../learners/dimensions.ts'

/** Where a value lies between a range's ends, from 0 to 1; undefined where it is no number of the range. */
export function placeOf(range: Range, value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value >= range.from && value <= range.to)) return undefined
  const [low, high] = ends(range)
  return (onScale(range, value) - low) / (high - low)
}

/** The value at a place from 0 to 1: a whole number, or four significant digits, which people can copy. */
export function valueAt(range: Range, place: number): number {
  const [low, high] = ends(range)
  const at = low + place * (high - low)
  const value = range.scale === 'log' ? Math.exp(at) : at
  const rounded = range.whole ? Math.round(value) : Number(value.toPrecision(4))
  return Math.min(range.to, Math.max(range.from, rounded))
}

/** Half a step beyond whole ends, so that the ends are as likely as what lies between them. */
function ends(range: Range): readonly [number, number] {
  const half = range.whole ? 0.5 : 0
  return [onScale(range, range.from - half), onScale(range, range.to + half)]
}

function onScale({ scale }: Range, value: number): number {
  return scale === 'log' ? Math.log(value) : value
}

/** The number of a choice's value, -1 where it is none of them. */
export function indexOf({ values }: Choice, value: unknown): number {
  const wanted = JSON.stringify(value)
  return values.findIndex((each) => JSON.stringify(each) === wanted)
}
