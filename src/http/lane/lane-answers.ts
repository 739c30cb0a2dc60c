import type { Server } from 'node:http'
import { problemType } from '../error-status.ts'
import type { Refusal } from '../refusal.ts'

/** What an answer begins with, as node writes it; made once a second, for the date is a part of it. */
export class LaneAnswers {
  readonly #server: Pick<Server, 'keepAliveTimeout'>
  #ending = ''
  #madeForMs = 0
  #keepAliveMs = 0

  constructor(server: Pick<Server, 'keepAliveTimeout'>) {
    this.#server = server
  }

  ok(json: string): string {
    return `HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\n${this.#rest(json)}`
  }

  problem({ problem, retryAfter }: Refusal): string {
    const { status, title } = problem
    const retry = retryAfter === undefined ? '' : `retry-after: ${retryAfter}\r\n`
    return `HTTP/1.1 ${status} ${title}\r\n${retry}content-type: ${problemType}\r\n${this.#rest(JSON.stringify(problem))}`
  }

  /** A refusal that is always the same, as text that is made once for each ending. */
  constant(refusal: Refusal): () => string {
    let ending: string | undefined
    let text = ''
    return () => {
      const now = this.#end()
      if (now !== ending) {
        ending = now
        text = this.problem(refusal)
      }
      return text
    }
  }

  #rest(json: string): string {
    const bytes = Buffer.byteLength(json)
    return `content-length: ${bytes}${this.#end()}${json}`
  }

  #end(): string {
    const { keepAliveTimeout } = this.#server
    const nowMs = Date.now()
    if (nowMs - this.#madeForMs >= 1000 || nowMs < this.#madeForMs || keepAliveTimeout !== this.#keepAliveMs) {
      this.#madeForMs = nowMs - (nowMs % 1000)
      this.#keepAliveMs = keepAliveTimeout
      const date = new Date(nowMs).toUTCString()
      const keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveTimeout / 1000)}`
      this.#ending = `\r\nDate: ${date}\r\n${keepAlive}\r\n\r\n`
    }
    return this.#ending
  }
}
