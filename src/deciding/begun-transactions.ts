import assert from 'node:assert/strict'
import type { Predictor } from '../scoring/predictor.ts'

/** Other threads that score rows, so that the one that decides need not. */
export interface ScoresElsewhere {
  /** Whether they are to score rows of this model now. */
  takes(predictor: Predictor | undefined): boolean
  /** Asks for the score of inputs, which are lent; false where there is no room. It goes to `BegunTransactions.scored`. */
  ask(inputs: Float64Array, number: number): boolean
  /** Scores did not come in time, and were computed here. */
  late(): void
}

/** Judges a transaction and gives it its place. @param score undefined where it is to be computed. @returns what tells of it. */
type Place = (score: number | undefined) => () => void

interface Waiting {
  readonly id: string
  readonly place: Place
  /** Whether its score has come, or is to be computed here. */
  isScored: boolean
  score: number | undefined
}

/**
 * Transactions that histories know and that wait for their scores, in the order in which they take their places. Whoever
 * else takes a place has them all finish before, so that the order is the one in which everything came.
 */
export class BegunTransactions {
  readonly #waiting: Waiting[] = []
  readonly #ids = new Set<string>()
  /** The number of the first that waits. */
  #first = 0
  #isPlacing = false
  /** While somebody looks whether scores come: the last that waited when that began. */
  #watched: number | undefined

  get size(): number {
    return this.#waiting.length
  }

  has(id: string): boolean {
    return this.#waiting.length > 0 && this.#ids.has(id)
  }

  /**
   * @param inputs what is scored elsewhere; undefined where the score is computed here.
   * @param patienceMs how long a score is waited for, at least; after twice that it is computed here.
   */
  add(id: string, place: Place, scores: ScoresElsewhere, inputs: Float64Array | undefined, patienceMs: number): void {
    const number = this.#first + this.#waiting.length
    const waiting: Waiting = { id, place, isScored: false, score: undefined }
    this.#waiting.push(waiting)
    this.#ids.add(id)
    if (inputs !== undefined && scores.ask(inputs, number)) this.#watch(patienceMs, scores)
    else waiting.isScored = true
    this.#placeScored()
  }

  /** A score came; one that nobody waits for any more is left, and so is a second one. @param score undefined where there is none. */
  scored(number: number, score: number | undefined): void {
    const waiting = this.#waiting[number - this.#first]
    if (waiting === undefined || waiting.isScored) return
    waiting.isScored = true
    waiting.score = score
    this.#placeScored()
  }

  /** Gives all their places at once. */
  finish(): void {
    while (this.#waiting.length > 0 && !this.#isPlacing) this.#placeFirst()
  }

  #placeScored(): void {
    while (this.#waiting[0]?.isScored && !this.#isPlacing) this.#placeFirst()
  }

  #placeFirst(): void {
    const first = this.#waiting.shift()
    assert(first !== undefined, 'there is one that waits')
    const { id, place, score } = first
    this.#first += 1
    this.#ids.delete(id)
    this.#isPlacing = true
    let tell: () => void
    try {
      tell = place(score)
    } finally {
      this.#isPlacing = false
    }
    try {
      tell()
    } catch (error) {
      // Thrown in a turn of its own: the caller of `finish` is not to blame.
      setImmediate(() => {
        throw error
      })
    }
  }

  #watch(patienceMs: number, scores: ScoresElsewhere): void {
    if (this.#watched !== undefined) return
    this.#watched = this.#first + this.#waiting.length - 1
    // Messages that have come by then are read after timers.
    setTimeout(() => setImmediate(() => this.#look(patienceMs, scores)), patienceMs)
  }

  #look(patienceMs: number, scores: ScoresElsewhere): void {
    const isLate = this.#watched !== undefined && this.#watched >= this.#first
    this.#watched = undefined
    if (isLate) {
      this.finish()
      scores.late()
    } else if (this.#waiting.length > 0) this.#watch(patienceMs, scores)
  }
}
