import type { Subject } from './declarations.ts'
import type { Program } from './expression.ts'
import { groupsOf, type LookUp, makeLookUp, type PlacedConditions } from './look-ups.ts'
import { signOf } from './necessary.ts'

/** Places of programs, in order. All others are false. Lent until the next question. */
export interface Answers {
  readonly true: readonly number[]
  readonly unknown: readonly number[]
}

/** Conditions of one kind about one name, by the places of their programs, and what looks them up. */
interface Group {
  readonly conditions: PlacedConditions
  lookUp: LookUp
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
  // Whether a program is false by one number alone: by its slot, its bound, and 1 where values have to be above.
  #guardSlots = new Int32Array(0)
  #guardBounds = new Float64Array(0)
  #guardSigns = new Int8Array(0)
  // A program that is found by two of its conditions is asked once.
  #askedIn = new Float64Array(0)
  #round = 0
  #found = new Int32Array(0)
  readonly #spoke: number[] = []
  readonly #unknown: number[] = []

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
    if (place >= this.#guardSlots.length) this.#grow(place + 1)
    const guard = program?.guard
    this.#guardSlots[place] = guard?.slot ?? 0
    this.#guardBounds[place] = guard?.bound ?? Number.NaN
    this.#guardSigns[place] = guard === undefined ? 0 : signOf(guard)
  }

  /** A program that fails is unknown. */
  ask(subject: Subject): Answers {
    if (this.#stale.size > 0) this.#refresh()
    const round = ++this.#round
    const [spoke, unknown, found, askedIn] = [this.#spoke, this.#unknown, this.#found, this.#askedIn]
    spoke.length = 0
    unknown.length = 0
    const [slots, bounds, signs] = [this.#guardSlots, this.#guardBounds, this.#guardSigns]
    let count = 0
    for (const lookUp of this.#lookUps) count = lookUp(subject, found, count)
    for (let i = 0; i < count; i++) {
      const place = found[i]
      const beyond = subject.numbers[slots[place]] - bounds[place]
      if (askedIn[place] === round || signs[place] * beyond < 0) continue
      askedIn[place] = round
      const result = evaluate(this.#programs[place], subject)
      if (result === true) spoke.push(place)
      else if (result === undefined) unknown.push(place)
    }
    if (spoke.length > 1) spoke.sort(ascending)
    if (unknown.length > 1) unknown.sort(ascending)
    return { true: spoke, unknown }
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
    this.#lookUps = groups.map(({ lookUp }) => lookUp)
    const most = groups.reduce((sum, { size }) => sum + size, 0)
    if (most > this.#found.length) this.#found = new Int32Array(2 * most)
  }

  #grow(least: number): void {
    const length = Math.max(least, 2 * this.#guardSlots.length)
    const [slots, bounds, signs] = [this.#guardSlots, this.#guardBounds, this.#guardSigns]
    const askedIn = this.#askedIn
    this.#guardSlots = new Int32Array(length)
    this.#guardSlots.set(slots)
    this.#guardBounds = new Float64Array(length)
    this.#guardBounds.set(bounds)
    this.#guardSigns = new Int8Array(length)
    this.#guardSigns.set(signs)
    this.#askedIn = new Float64Array(length)
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

function ascending(one: number, other: number): number {
  return one - other
}
