import type { KeyRing } from '../../access/keys.ts'
import type { Receiver } from '../../deciding/receiver.ts'
import type { HttpContext } from '../http-context.ts'
import { LaneAnswers } from '../lane/lane-answers.ts'
import { createLaneAnswering, type LaneAnswering } from '../lane/lane-service.ts'
import { namesOf } from '../routes/decide.ts'
import { edgeCells, type ReadOrder, toOwnMs } from './edge-messages.ts'
import { readUp } from './request-bytes.ts'

/** In place of an answer: the request is not one for an edge. */
const handsOver = ''

/** What is answered with 200 goes as JSON: its edge puts the head before it. */
class HeadlessAnswers extends LaneAnswers {
  override ok(json: string): string {
    return json
  }
}

/** What the desk does with its edge. */
export interface EdgeSide {
  /** Called once for each request. */
  send(slot: number, answer: string): void
  say(order: ReadOrder): void
}

/**
 * Answers the requests of one edge as a lane answers those of its connections: what is looked at, in which order, and in
 * which words a request is refused are the lane's.
 */
export class EdgeDesk {
  readonly #answering: LaneAnswering
  readonly #context: HttpContext
  readonly #edge: EdgeSide
  /** Whose transactions the edge reads, by the last of so many orders. */
  #receiver: Receiver | undefined
  #way = 0
  /** Whether the edge of the request that is being looked at has more to do than it can. */
  #isEdgeOverloaded = false
  #isOpen = true

  constructor(context: HttpContext, keyRing: () => KeyRing, cells: Int32Array, edge: EdgeSide) {
    const isOverloaded = () => this.#isEdgeOverloaded || context.isOverloaded()
    const connections = {
      get keepAliveTimeout() {
        return Atomics.load(cells, edgeCells.keepAliveMs)
      },
    }
    this.#answering = createLaneAnswering({ ...context, isOverloaded }, keyRing, new HeadlessAnswers(connections))
    this.#context = context
    this.#edge = edge
  }

  readonly take = (message: Buffer): void => {
    const { send } = this.#edge
    const { slot, arrivedSharedMs, isOverloaded, way, reading, bytes } = readUp(message)
    this.#orderToRead()
    this.#isEdgeOverloaded = isOverloaded
    const arrivedMs = toOwnMs(arrivedSharedMs)
    const { find, begin, answer } = this.#answering
    const head = find(bytes)
    if (head === undefined) {
      send(slot, handsOver)
      return
    }
    let isAsked = true
    const settle = (error: unknown, json: string) => {
      // Its edge may be gone, and what settles twice has one answer.
      if (!isAsked || !this.#isOpen) return
      const answered = answer(head.route, error, json, arrivedMs)
      isAsked = false
      send(slot, answered)
    }
    const leave = () => send(slot, handsOver)
    // What was read as another detector has it says nothing.
    const read = way === this.#way ? reading : undefined
    if (!begin(head, bytes.subarray(head.text.length), arrivedMs, settle, leave, read)) leave()
  }

  /** Has the edge read as the receiver does that is in force now. */
  #orderToRead(): void {
    const { decisions, limits } = this.#context
    if (decisions === undefined) return
    const { receiver } = decisions.lineup.champion
    if (receiver === this.#receiver) return
    this.#receiver = receiver
    this.#way += 1
    const { elsewhere: way } = receiver
    this.#edge.say({ read: way && { way, mostNames: Math.max(limits.names, namesOf(decisions)) } })
  }

  /** Nobody is there to be answered any more. */
  close(): void {
    this.#isOpen = false
  }
}
