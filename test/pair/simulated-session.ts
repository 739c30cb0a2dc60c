import type { Session, Statement } from '../../src/stores/postgres/session.ts'
import type { Outcome } from './simulated-tables.ts'
import type { Client } from './surroundings.ts'

const answerWithinMs = 15_000

interface Server {
  ask(statement: Statement, answered: (error: Error | undefined, found: Outcome) => void): void
  /** Hears that the connection was ended. */
  leave(): void
}

/** A connection as a process has it: one question at a time, as `pg` sends them. */
export class SimulatedSession implements Session {
  readonly #client: Client
  readonly #server: Server
  #last: Promise<unknown> = Promise.resolve()
  #hasEnded = false
  #failure: Error | undefined
  #fail: ((error: Error) => void) | undefined

  constructor(client: Client, server: Server) {
    this.#client = client
    this.#server = server
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  query(statement: string | Statement, values?: unknown[]): ReturnType<Session['query']> {
    const asked = typeof statement === 'string' ? { text: statement, ...(values && { values }) } : statement
    const answer = this.#last.then(() => this.#ask({ ...asked, text: asked.text.trim() }))
    this.#last = answer.catch(() => {})
    return answer
  }

  async end(): Promise<void> {
    if (this.#hasEnded) return
    this.lose(new Error('Connection terminated'))
    this.#server.leave()
  }

  /** The connection is gone. */
  lose(error: Error): void {
    this.#hasEnded = true
    this.#failure ??= error
    this.#fail?.(error)
  }

  #ask(statement: Statement): ReturnType<Session['query']> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure)
      let isOver = false
      const settle = (work: () => void) => {
        if (isOver) return
        isOver = true
        this.#fail = undefined
        work()
      }
      this.#fail = (error) => settle(() => reject(error))
      this.#client.after(answerWithinMs, () => settle(() => reject(new Error('Query read timeout'))))
      this.#server.ask(statement, (error, { rows = [], rowCount = rows.length }) =>
        settle(() => (error === undefined ? resolve({ rows: [...rows], rowCount }) : reject(error))),
      )
    })
  }
}
