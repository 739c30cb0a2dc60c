import type { Subject } from './declarations.ts'
import type { Program } from './expression.ts'
import { Guards } from './guards.ts'
import { groupsOf, type LookUp, makeLookUp, type PlacedConditions } from './look-ups.ts'
import { RangeTable, type SortedRange } from './range-table.ts'

/** Places of programs, in order. All others are false. Lent until the next question. */
export interface Answers {
  readonly true: readonly number[]
  readonly unknown: readonly number[]
}

/** Conditions of one kind about one name, by the places of their programs, and what looks them up. */
interface Group {
  readonly conditions: PlacedConditions
  lookUp: LookUp | SortedRange
  /** How many places it finds at most. */
  size: number
}

/**
 * Asks many programs about a subject and runs only those that may be other than false: of each, one condition that it
 * needs is looked up for all programs at once. What is missing rules nothing out, so unknowns are found as well. A program
 * takes another's place at the cost of its conditions.
 *
 *     const index = new ProgramIndex()
 *     programs.forEach((program, place) => index.set(place, program))
 *     const { true: spoke, unknown } = index.ask(subject)
 */
export class ProgramIndex {
  readonly #programs: (Program | undefined)[] = []
  readonly #groups = new Map<string, Group>()
  readonly #stale = new Set<string>()
  #lookUps: readonly LookUp[] = []
  #ranges = new RangeTable([])
  readonly #guards = new Guards()
  // A program that is found by two of its conditions is asked once.
  #askedIn = new Float64Array(0)
  #round = 0
  #found = new Int32Array(0)
  readonly #spoke: number[] = []
  readonly #unknown: number[] = []
  readonly #answers: Answers = { true: this.#spoke, unknown: this.#unknown }

  /** The places so far, those without a program among them. */
  get length(): number {
    return this.#programs.length
  }

  set(place: number, program: Program | undefined): void {
    const before = this.#programs[place]
    if (before === program && place < this.length) return
    this.#programs[place] = program
    if (before !== undefined) this.#leave(place, before)
    if (program !== undefined) this.#join(place, program)
    this.#guards.set(place, program?.guard)
    if (place >= this.#askedIn.length) this.#grow(place + 1)
  }

  /** A program that fails is unknown. */
  ask(subject: Subject): Answers {
    if (this.#stale.size > 0) this.#refresh()
    const round = ++this.#round
    const spoke = this.#spoke
    const unknown = this.#unknown
    const found = this.#found
    const askedIn = this.#askedIn
    const guards = this.#guards
    const { numbers } = subject
    empty(spoke)
    empty(unknown)
    let count = this.#ranges.find(numbers, found, 0)
    const lookUps = this.#lookUps
    for (let i = 0; i < lookUps.length; i++) count = lookUps[i](subject, found, count)
    for (let i = 0; i < count; i++) {
      const place = found[i]
      if (askedIn[place] === round || guards.isFalse(place, numbers)) continue
      askedIn[place] = round
      const result = evaluate(this.#programs[place], subject)
      if (result === true) spoke.push(place)
      else if (result === undefined) unknown.push(place)
    }
    sort(spoke)
    sort(unknown)
    return this.#answers
  }

  #join(place: number, program: Program): void {
    for (const [name, conditions] of groupsOf(program)) {
      const group = this.#groups.get(name) ?? { conditions: new Map(), lookUp: findNone, size: 0 }
      this.#groups.set(name, group)
      group.conditions.set(place, conditions)
      this.#stale.add(name)
    }
  }

  #leave(place: number, program: Program): void {
    for (const name of groupsOf(program).keys()) {
      this.#groups.get(name)?.conditions.delete(place)
      this.#stale.add(name)
    }
  }

  #refresh(): void {
    for (const name of this.#stale) {
      const group = this.#groups.get(name)
      if (group === undefined) continue
      if (group.conditions.size === 0) this.#groups.delete(name)
      else {
        group.lookUp = makeLookUp(group.conditions)
        group.size = group.conditions.values().reduce((sum, { length }) => sum + length, 0)
      }
    }
    this.#stale.clear()
    const groups = [...this.#groups.values()]
    const lookUps = groups.map(({ lookUp }) => lookUp)
    this.#lookUps = lookUps.filter((lookUp) => typeof lookUp === 'function')
    this.#ranges = new RangeTable(lookUps.filter((lookUp) => typeof lookUp !== 'function'))
    const most = groups.reduce((sum, { size }) => sum + size, 0)
    if (most > this.#found.length) this.#found = new Int32Array(2 * most)
  }

  #grow(least: number): void {
    const askedIn = this.#askedIn
    this.#askedIn = new Float64Array(Math.max(least, 2 * askedIn.length))
    this.#askedIn.set(askedIn)
  }
}

function findNone(_: Subject, __: Int32Array, count: number): number {
  return count
}

function evaluate(program: Program | undefined, subject: Subject): boolean | undefined {
  try {
    return program === undefined ? false : program.evaluate(subject)
  } catch {
    return undefined
  }
}

/** Keeps the memory, which an array gives back whose length is set. */
function empty(places: number[]): void {
  while (places.length > 0) places.pop()
}

/** Few are sorted faster by moving each to its place than by asking a function of each two. */
const fewPlaces = 16

function sort(places: number[]): void {
  if (places.length > fewPlaces) {
    places.sort((one, other) => one - other)
    return
  }
  for (let end = 1; end < places.length; end++) {
    const place = places[end]
    let at = end
    for (; at > 0 && places[at - 1] > place; at--) places[at] = places[at - 1]
    places[at] = place
  }
}
