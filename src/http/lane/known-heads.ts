import type { KeyRing } from '../../access/keys.ts'
import type { Principal } from '../../access/principal.ts'
import type { Limits } from '../limits.ts'
import type { LaneRoute } from './lane-route.ts'
import { headEnd, longestPlainBytes, readPlainHead } from './plain-head.ts'

/** A head that was read once: the same client sends the same one with each request, but for the digits of a length. */
export interface KnownHead<Route = LaneRoute> {
  /** As latin1, with the empty line at its end. */
  readonly text: string
  readonly route: Route
  readonly bodyBytes: number
  readonly authorization: string | undefined
  /** Who the key belongs to, by the ring that was asked last. */
  ring: KeyRing | undefined
  principal: Principal | undefined
}

const most = 512
const end = Buffer.from(headEnd)

/** Remembers heads by their text, so that one that comes again is compared and not read. */
export class KnownHeads<Route extends { readonly path: string } = LaneRoute> {
  readonly #routes: ReadonlyMap<string, Route>
  readonly #limits: Pick<Limits, 'bodyBytes'>
  readonly #byText = new Map<string, KnownHead<Route>>()
  /** By the bytes of a whole request: the head that came last with as many. */
  readonly #byLength = new Map<number, { readonly head: KnownHead<Route>; readonly bytes: Buffer }>()

  constructor(routes: readonly Route[], limits: Pick<Limits, 'bodyBytes'>) {
    this.#routes = new Map(routes.map((route) => [route.path, route]))
    this.#limits = limits
  }

  /** The head that these bytes begin with; undefined where it is not whole, not plain, or of no route here. */
  find(bytes: Buffer): KnownHead<Route> | undefined {
    const last = this.#byLength.get(bytes.length)
    if (last !== undefined && last.bytes.compare(bytes, 0, last.bytes.length) === 0) return last.head
    const at = bytes.indexOf(end)
    if (at === -1 || at > longestPlainBytes) return undefined
    const text = bytes.toString('latin1', 0, at + end.length)
    const head = this.#byText.get(text) ?? this.#read(text)
    if (head !== undefined && text.length + head.bodyBytes === bytes.length)
      this.#byLength.set(bytes.length, { head, bytes: Buffer.from(text, 'latin1') })
    return head
  }

  #read(text: string): KnownHead<Route> | undefined {
    const head = readPlainHead(text.slice(0, -headEnd.length))
    const route = head && this.#routes.get(head.path)
    if (route === undefined || head === undefined || head.bodyBytes > this.#limits.bodyBytes) return undefined
    const { bodyBytes, authorization } = head
    const known: KnownHead<Route> = { text, route, bodyBytes, authorization, ring: undefined, principal: undefined }
    if (this.#byText.size === most) {
      this.#byText.clear()
      this.#byLength.clear()
    }
    this.#byText.set(text, known)
    return known
  }
}
