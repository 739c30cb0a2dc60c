import type { KeyRing } from '../../access/keys.ts'
import type { HttpContext } from '../http-context.ts'
import { createLaneAnswering, type LaneAnswering } from '../lane/lane-service.ts'
import { edgeCells, toOwnMs } from './edge-messages.ts'
import { readUp } from './request-bytes.ts'

/** In place of an answer: the request is not one for an edge. */
const handsOver = ''

/**
 * Answers the requests of one edge as a lane answers those of its connections: what is looked at, in which order, and in
 * which words a request is refused are the lane's.
 */
export class EdgeDesk {
  readonly #answering: LaneAnswering
  readonly #send: (slot: number, answer: string) => void
  /** Whether the edge of the request that is being looked at has more to do than it can. */
  #isEdgeOverloaded = false
  #isOpen = true

  /** @param send is called once for each request. */
  constructor(
    context: HttpContext,
    keyRing: () => KeyRing,
    cells: Int32Array,
    send: (slot: number, answer: string) => void,
  ) {
    const isOverloaded = () => this.#isEdgeOverloaded || context.isOverloaded()
    const connections = {
      get keepAliveTimeout() {
        return Atomics.load(cells, edgeCells.keepAliveMs)
      },
    }
    this.#answering = createLaneAnswering({ ...context, isOverloaded }, keyRing, connections)
    this.#send = send
  }

  readonly take = (message: Buffer): void => {
    const { slot, arrivedSharedMs, isOverloaded, bytes } = readUp(message)
    this.#isEdgeOverloaded = isOverloaded
    const arrivedMs = toOwnMs(arrivedSharedMs)
    const { find, begin, answer } = this.#answering
    const head = find(bytes)
    if (head === undefined) {
      this.#send(slot, handsOver)
      return
    }
    let isAsked = true
    const settle = (error: unknown, json: string) => {
      // Its edge may be gone, and what settles twice has one answer.
      if (!isAsked || !this.#isOpen) return
      const text = answer(head.route, error, json, arrivedMs)
      isAsked = false
      this.#send(slot, text)
    }
    const leave = () => this.#send(slot, handsOver)
    if (!begin(head, bytes.subarray(head.text.length), arrivedMs, settle, leave)) leave()
  }

  /** Nobody is there to be answered any more. */
  close(): void {
    this.#isOpen = false
  }
}
