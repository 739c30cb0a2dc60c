import { inSlices } from '../../core/time-slices.ts'
import type { BegunTransactions, ScoresElsewhere } from '../../deciding/begun-transactions.ts'
import type { Decider } from '../../deciding/decider.ts'
import type { Predictor } from '../../scoring/predictor.ts'
import type { SharedModel } from '../../scoring/shared-model.ts'
import type { ModelOrder } from './edge-messages.ts'
import { readScore } from './score-bytes.ts'

/** Rows that one edge is asked for at a time. What more there is would wait there for as long as it takes here. */
const mostAsked = 64

/** Where processors are short, edges are late, and what they do is done twice: so long nobody asks them again. */
const restMs = 1000

/** An edge as it is asked for scores. */
export interface AskedEdge {
  order(order: ModelOrder): void
  /** @param inputs are lent. */
  ask(version: number, number: number, inputs: Uint8Array): void
}

interface Scoring {
  readonly edge: AskedEdge
  /** Which order it has carried out. */
  ready: number | undefined
  asked: number
}

/**
 * Has edges score rows of a slow champion. An edge is asked once it has said that it holds the model. The first
 * transaction of a turn, where none waits, is scored by the thread that decides: for one that comes alone that is sooner.
 */
export class EdgeScorers implements ScoresElsewhere {
  readonly #begun: Pick<BegunTransactions, 'scored' | 'finish' | 'size'>
  readonly #warn: (error: unknown) => void
  readonly #edges = new Map<AskedEdge, Scoring>()
  #predictor: Predictor | undefined
  /** The number of the last order. */
  #version = 0
  #model: SharedModel | undefined
  #isFirstOfTurn = true
  #isResting = false

  /** @param warn is told why a model can't be shared with edges; the thread that decides then scores its rows. */
  constructor(decider: Pick<Decider, 'scoreBy'>, warn: (error: unknown) => void) {
    this.#begun = decider.scoreBy(this)
    this.#warn = warn
  }

  add(edge: AskedEdge): void {
    this.#edges.set(edge, { edge, ready: undefined, asked: 0 })
    if (this.#model !== undefined) edge.order({ version: this.#version, model: this.#model })
  }

  /** An edge that has ended answers nothing more. */
  remove(edge: AskedEdge): void {
    this.#edges.delete(edge)
    this.#begun.finish()
  }

  /** An edge has carried an order out. */
  ready(edge: AskedEdge, version: number): void {
    const scoring = this.#edges.get(edge)
    if (scoring !== undefined) scoring.ready = version
  }

  take(edge: AskedEdge, message: Buffer): void {
    const { number, score } = readScore(message)
    const scoring = this.#edges.get(edge)
    if (scoring === undefined) return
    scoring.asked -= 1
    // What is no probability is a failure, which is met here.
    this.#begun.scored(number, score >= 0 && score <= 1 ? score + 0 : undefined)
  }

  takes(predictor: Predictor | undefined): boolean {
    if (predictor !== this.#predictor) this.#order(predictor)
    if (this.#isResting || !this.#isAnyReady()) return false
    if (!this.#isFirstOfTurn || this.#begun.size > 0) return true
    this.#isFirstOfTurn = false
    setImmediate(() => {
      this.#isFirstOfTurn = true
    })
    return false
  }

  ask(inputs: Float64Array, number: number): boolean {
    let least: Scoring | undefined
    for (const scoring of this.#edges.values()) {
      if (scoring.ready === this.#version && scoring.asked < (least?.asked ?? mostAsked)) least = scoring
    }
    if (least === undefined) return false
    least.asked += 1
    least.edge.ask(this.#version, number, new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength))
    return true
  }

  late(): void {
    this.#isResting = true
    setTimeout(() => {
      this.#isResting = false
    }, restMs).unref()
  }

  #isAnyReady(): boolean {
    if (this.#model === undefined) return false
    for (const { ready } of this.#edges.values()) if (ready === this.#version) return true
    return false
  }

  #order(predictor: Predictor | undefined): void {
    this.#predictor = predictor
    this.#version += 1
    if (this.#model !== undefined) this.#tell(undefined)
    if (predictor?.share === undefined) return
    const version = this.#version
    const tell = (model: SharedModel) => {
      if (version === this.#version) this.#tell(model)
    }
    inSlices(predictor.share()).then(tell, (error: unknown) => this.#warn(error))
  }

  #tell(model: SharedModel | undefined): void {
    this.#model = model
    for (const edge of this.#edges.keys()) edge.order({ version: this.#version, model })
  }
}
