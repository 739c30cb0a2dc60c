import type { Subject } from './declarations.ts'
import type { Program } from './expression.ts'
import { type Condition, type OfNumber, type Range, signOf } from './necessary.ts'
import { nextAbove, type SortedRange } from './range-table.ts'

/**
 * Finds the places of programs whose conditions hold for a subject, or are unknown: writes them behind those that were
 * found before, and says how many there are then.
 */
export type LookUp = (subject: Subject, found: Int32Array, count: number) => number

/** Conditions of one group by the places of their programs; undefined of a program that is always asked. */
export type PlacedConditions = Map<number, readonly (Condition | undefined)[]>

/**
 * One look-up serves conditions of one kind about one name, or one part of it: ranges that end on one side, or members of one
 * list.
 */
function groupOf(condition: Condition | undefined): string {
  if (condition === undefined) return 'always'
  const { kind, slot } = condition
  if (kind === 'member') return `${kind} ${slot} ${condition.list}`
  if (kind === 'texts') return `${kind} ${slot}`
  const { part: { name } = { name: '' } } = condition
  return `${kind} ${slot} ${kind === 'range' ? condition.operator[0] : ''} ${name}`
}

export function groupsOf({ necessary }: Program): ReadonlyMap<string, readonly (Condition | undefined)[]> {
  return Map.groupBy<string, Condition | undefined>(necessary ?? [undefined], groupOf)
}

interface Placed {
  readonly place: number
  readonly condition: Condition
}

/** Conditions of one group are of one kind, about one name. Ranges of numbers as they are go into a table with others. */
export function makeLookUp(conditions: PlacedConditions): LookUp | SortedRange {
  const known = [...conditions].flatMap(([place, each]) =>
    each.flatMap((condition): readonly Placed[] => (condition === undefined ? [] : [{ place, condition }])),
  )
  const [first] = known
  if (first === undefined) return alwaysLookUp([...conditions.keys()])
  switch (first.condition.kind) {
    case 'range': {
      const range = sortRanges(known, signOf(first.condition))
      const read = numberReader(first.condition)
      return read === undefined ? { slot: first.condition.slot, ...range } : rangeLookUp(range, read)
    }
    case 'numbers':
      return numberLookUp(known, first.condition)
    case 'texts':
      return textLookUp(known, first.condition.slot)
    case 'member':
      return memberLookUp(known, first.condition)
  }
}

function alwaysLookUp(places: readonly number[]): LookUp {
  return (_, found, count) => addAll(places, found, count)
}

function addAll(places: readonly number[], found: Int32Array, count: number): number {
  for (let i = 0; i < places.length; i++) found[count + i] = places[i]
  return count + places.length
}

function sortRanges(group: readonly Placed[], sign: number): Omit<SortedRange, 'slot'> {
  const ranges = group.flatMap(({ place, condition }) => {
    if (condition.kind !== 'range') return []
    const limit = sign * condition.bound
    return [{ place, limit: isStrict(condition) ? nextAbove(limit) : limit }]
  })
  const sorted = ranges.toSorted((one, other) => one.limit - other.limit)
  return {
    sign,
    limits: Float64Array.from(sorted, ({ limit }) => limit),
    places: Int32Array.from(sorted, ({ place }) => place),
  }
}

function isStrict({ operator }: Range): boolean {
  return operator.length === 1
}

function rangeLookUp(
  { sign, limits, places }: Omit<SortedRange, 'slot'>,
  read: (numbers: Float64Array) => number,
): LookUp {
  return ({ numbers }, found, count) => {
    const value = sign * read(numbers)
    let i = 0
    for (; i < places.length && !(value < limits[i]); i++) found[count + i] = places[i]
    return count + i
  }
}

function numberLookUp(group: readonly Placed[], asked: OfNumber): LookUp {
  const places = placesByValue(group)
  const all = group.map(({ place }) => place)
  const { slot } = asked
  const read = numberReader(asked)
  return ({ numbers }, found, count) => {
    const value = read === undefined ? numbers[slot] : read(numbers)
    return addAll(Number.isNaN(value) ? all : (places.get(value) ?? none), found, count)
  }
}

function textLookUp(group: readonly Placed[], slot: number): LookUp {
  const places = placesByValue(group)
  const all = group.map(({ place }) => place)
  return ({ texts }, found, count) => {
    const text = texts[slot]
    return addAll(text === undefined ? all : (places.get(text) ?? none), found, count)
  }
}

function memberLookUp(group: readonly Placed[], { slot, list }: Condition & { readonly kind: 'member' }): LookUp {
  const all = group.map(({ place }) => place)
  return ({ texts, lists }, found, count) => {
    const text = texts[slot]
    return text !== undefined && lists[list].has(text) === false ? count : addAll(all, found, count)
  }
}

const none: readonly number[] = []

function placesByValue(group: readonly Placed[]): ReadonlyMap<number | string, readonly number[]> {
  const places = new Map<number | string, number[]>()
  for (const { place, condition } of group) {
    for (const value of 'values' in condition ? condition.values : []) {
      const found = places.get(value)
      if (found === undefined) places.set(value, [place])
      else found.push(place)
    }
  }
  return places
}

/** Undefined where the number itself is meant, which most limits are of. */
function numberReader({ slot, isInt, part }: OfNumber): ((numbers: Float64Array) => number) | undefined {
  if (part !== undefined) return (numbers) => part.apply(numbers[slot])
  return isInt ? (numbers) => (Number.isSafeInteger(numbers[slot]) ? numbers[slot] : Number.NaN) : undefined
}
