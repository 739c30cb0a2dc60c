import type { Subject } from './declarations.ts'
import type { Program } from './expression.ts'
import { type Condition, guardOf, necessaryOf, type Order, type Range } from './necessary.ts'

/** Places of programs, in order, in the list that was indexed. All others are false. */
export interface Answers {
  readonly true: readonly number[]
  readonly unknown: readonly number[]
}

/**
 * Asks many programs about a subject and runs only those that may be other than false: of each, one condition that it
 * needs is looked up for all programs at once. What is missing rules nothing out, so unknowns are found as well.
 *
 *     const ask = indexPrograms(programs)
 *     const { true: spoke, unknown } = ask(subject)
 */
export function indexPrograms(programs: readonly Program[]): (subject: Subject) => Answers {
  const places = programs.map((_, place) => place)
  const needed = programs.map(({ term }) => necessaryOf(term))
  const always = places.filter((place) => needed[place] === undefined)
  const lookUps = lookUpsOf(needed)
  const evaluates = programs.map(({ evaluate }) => evaluate)
  const isRuledOut = closeGuards(programs)
  // A program that is found by two of its conditions is asked once.
  const askedIn = new Float64Array(programs.length)
  let round = 0
  return (subject) => {
    round++
    const spoke: number[] = []
    const unknown: number[] = []
    const ask = (place: number) => {
      if (askedIn[place] === round || isRuledOut(place, subject)) return
      askedIn[place] = round
      const result = evaluates[place](subject)
      if (result === true) spoke.push(place)
      else if (result === undefined) unknown.push(place)
    }
    for (let i = 0; i < always.length; i++) ask(always[i])
    for (let i = 0; i < lookUps.length; i++) lookUps[i](subject, ask)
    return { true: spoke.sort(ascending), unknown: unknown.sort(ascending) }
  }
}

/** Whether a program is false by one number alone. */
function closeGuards(programs: readonly Program[]): (place: number, subject: Subject) => boolean {
  const guards = programs.map(({ term }) => guardOf(term))
  const slots = Int32Array.from(guards, (guard) => guard?.slot ?? 0)
  const bounds = Float64Array.from(guards, (guard) => guard?.bound ?? Number.NaN)
  const signs = Int8Array.from(guards, (guard) => (guard === undefined ? 0 : signOf(guard)))
  return (place, { numbers }) => signs[place] * (numbers[slots[place]] - bounds[place]) < 0
}

/** 1 where values have to be above the bound, -1 where below. */
function signOf({ operator }: Range): number {
  return operator.startsWith('>') ? 1 : -1
}

function ascending(one: number, other: number): number {
  return one - other
}

type LookUp = (subject: Subject, ask: (place: number) => void) => void

/** One look-up serves conditions of one kind about one name: ranges that end on one side, or members of one list. */
function groupOf(condition: Condition): string {
  const { kind, slot } = condition
  if (kind === 'member') return `${kind} ${slot} ${condition.list}`
  return kind === 'range' ? `${kind} ${slot} ${condition.operator[0]}` : `${kind} ${slot}`
}

interface Placed {
  readonly place: number
  readonly condition: Condition
}

function lookUpsOf(needed: readonly (readonly Condition[] | undefined)[]): readonly LookUp[] {
  const placed = needed.flatMap((conditions, place) => (conditions ?? []).map((condition) => ({ place, condition })))
  const groups = Map.groupBy(placed, ({ condition }) => groupOf(condition))
  return [...groups.values()].map(makeLookUp)
}

/** Conditions of one group are of one kind, about one name. */
function makeLookUp(group: readonly Placed[]): LookUp {
  const [{ condition }] = group
  switch (condition.kind) {
    case 'range':
      return rangeLookUp(group, condition)
    case 'numbers':
      return numberLookUp(group, condition)
    case 'texts':
      return textLookUp(group, condition.slot)
    case 'member':
      return memberLookUp(group, condition)
  }
}

/** Sorted by their bounds, the conditions that hold come first. */
function rangeLookUp(group: readonly Placed[], { slot, isInt }: Range): LookUp {
  const ranges = group.flatMap(({ place, condition }) => (condition.kind === 'range' ? [{ place, ...condition }] : []))
  const sign = signOf(ranges[0])
  const sorted = ranges.toSorted(
    (one, other) => sign * (one.bound - other.bound) || strictness(one) - strictness(other),
  )
  const bounds = Float64Array.from(sorted, ({ bound }) => bound)
  const isStrict = Uint8Array.from(sorted, strictness)
  const places = Int32Array.from(sorted, ({ place }) => place)
  return ({ numbers }, ask) => {
    const value = readNumber(numbers[slot], isInt)
    for (let i = 0; i < places.length; i++) {
      const beyond = sign * (value - bounds[i])
      if (beyond < 0 || (beyond === 0 && isStrict[i] === 1)) return
      ask(places[i])
    }
  }
}

function strictness({ operator }: { readonly operator: Order }): number {
  return operator.length === 1 ? 1 : 0
}

function numberLookUp(group: readonly Placed[], { slot, isInt }: Condition & { readonly kind: 'numbers' }): LookUp {
  const places = placesByValue(group)
  const all = group.map(({ place }) => place)
  return ({ numbers }, ask) => {
    const value = readNumber(numbers[slot], isInt)
    const found = Number.isNaN(value) ? all : (places.get(value) ?? none)
    for (let i = 0; i < found.length; i++) ask(found[i])
  }
}

function textLookUp(group: readonly Placed[], slot: number): LookUp {
  const places = placesByValue(group)
  const all = group.map(({ place }) => place)
  return ({ texts }, ask) => {
    const text = texts[slot]
    const found = text === undefined ? all : (places.get(text) ?? none)
    for (let i = 0; i < found.length; i++) ask(found[i])
  }
}

function memberLookUp(group: readonly Placed[], { slot, list }: Condition & { readonly kind: 'member' }): LookUp {
  const all = group.map(({ place }) => place)
  return ({ texts, lists }, ask) => {
    const text = texts[slot]
    if (text !== undefined && lists[list].has(text) === false) return
    for (let i = 0; i < all.length; i++) ask(all[i])
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

function readNumber(value: number, isInt: boolean): number {
  return isInt && !Number.isSafeInteger(value) ? Number.NaN : value
}
