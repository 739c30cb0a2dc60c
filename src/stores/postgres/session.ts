import type { Socket } from 'node:net'
import type { Client, QueryResult } from 'pg'

/** A statement that the server prepares once, by its name. */
export interface Statement {
  readonly name?: string
  readonly text: string
  readonly values?: unknown[]
}

/** A connection to a database: what the log asks of one. */
export interface Session {
  query(statement: string | Statement, values?: unknown[]): Promise<Pick<QueryResult, 'rows' | 'rowCount'>>
  /** Whether it has ended, be it that nobody asked for that. */
  readonly hasEnded: boolean
  end(): Promise<void>
}

/** A server that does not take part in the end is not waited for any longer. */
const endWithinMs = 1000

/** A connection to PostgreSQL. */
export class PostgresSession implements Session {
  readonly #client: Client
  readonly #socket: Socket
  #hasEnded = false

  constructor(client: Client, socket: Socket) {
    this.#client = client
    this.#socket = socket
    // What is lost while nothing is asked is found at the next question.
    client.on('error', () => {})
    client.on('end', () => {
      this.#hasEnded = true
    })
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  query(statement: string | Statement, values?: unknown[]): ReturnType<Session['query']> {
    return this.#client.query(statement, values)
  }

  /** Ends it in order, or cuts it where its host has vanished, for which the system would wait a quarter of an hour. */
  async end(): Promise<void> {
    const cut = setTimeout(() => this.#socket.destroy(), endWithinMs)
    await this.#client.end()
    clearTimeout(cut)
  }
}
