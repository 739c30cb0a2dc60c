import type { Session, Statement } from '../../src/stores/postgres/session.ts'
import { FairLock, type Mode } from './fair-lock.ts'
import { SimulatedSession } from './simulated-session.ts'
import { type Asker, type Outcome, ServerError, SimulatedTables } from './simulated-tables.ts'
import type { Client, Surroundings } from './surroundings.ts'

interface Backend extends Asker {
  readonly client: Client
  readonly fail: (error: Error) => void
  isOver: boolean
  /** What it is about to commit. */
  committing: (() => void) | undefined
}

/** How long a server waits for a lock, and for a client that the network has cut off. */
const lockTimeoutMs = 10_000
const keepaliveMs = 3500
const connectWithinMs = 5000

/**
 * PostgreSQL as the log sees it: the few statements that a leader and a follower send, with what they lock and when it is
 * durable. A statement that it does not know is an error. `database.contract.ts` holds it to what the real one does.
 */
export class SimulatedPostgres {
  readonly tables: SimulatedTables
  readonly #surroundings: Surroundings
  readonly #backends = new Map<number, Backend>()
  readonly #writerLock = new FairLock()
  readonly #tableLock = new FairLock()
  #pids = 0
  isDown = false

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
    this.tables = new SimulatedTables({
      lead: (asker) => [...this.#backends.values()].some((each) => each.isLeading && each !== asker),
      terminate: (pid) => {
        const found = this.#backends.get(pid)
        if (found !== undefined) this.terminate(found)
      },
    })
  }

  /** As `connect` of the real one. */
  connect(client: Client): Promise<Session> {
    return new Promise((resolve, reject) => {
      const refuse = (reason: string) => client.after(this.#surroundings.delayMs(), () => reject(new Error(reason)))
      if (client.cutOffUntilMs() > this.#surroundings.nowMs() + connectWithinMs)
        return client.after(connectWithinMs, () => reject(new Error('timeout expired')))
      this.#send(client, () => {
        if (this.isDown) return refuse('connect ECONNREFUSED')
        const session: SimulatedSession = new SimulatedSession(client, {
          ask: (statement, answered) => this.#ask(backend, statement, answered),
          leave: () => this.#leave(backend, this.#surroundings.delayMs()),
        })
        const backend = this.#newBackend(client, (error) => session.lose(error))
        this.#backends.set(backend.pid, backend)
        this.#answer(client, () => resolve(session))
      })
    })
  }

  #newBackend(client: Client, fail: (error: Error) => void): Backend {
    return {
      ...{ pid: ++this.#pids, client, fail, isOver: false, isLeading: false },
      ...{ transaction: undefined, committing: undefined },
    }
  }

  /** Something to the server; it arrives when the network lets it. */
  #send(client: Client, arrive: () => void): void {
    const { delayMs, nowMs, after } = this.#surroundings
    after(Math.max(0, client.cutOffUntilMs() - nowMs()) + delayMs(), arrive)
  }

  #answer(client: Client, arrive: () => void): void {
    const { delayMs, nowMs } = this.#surroundings
    client.after(Math.max(0, client.cutOffUntilMs() - nowMs()) + delayMs(), arrive)
  }

  /** @param answered is called at the client's. */
  #ask(
    backend: Backend,
    { text, values = [] }: Statement,
    answered: (error: Error | undefined, found: Outcome) => void,
  ): void {
    const { client } = backend
    const answer = (error: Error | undefined, found: Outcome = {}) => {
      if (!backend.isOver) this.#answer(client, () => answered(error, found))
    }
    this.#send(client, () => {
      if (backend.isOver) return
      try {
        this.#carryOut(backend, text, values, answer)
      } catch (error) {
        if (!(error instanceof ServerError)) throw error
        this.#refuse(backend, error, answer)
      }
    })
  }

  /** The client's process ended, or it asked for the end; the server hears of it. What is being committed goes on. */
  #leave(backend: Backend, afterMs: number): void {
    this.#surroundings.after(afterMs, () => this.#whenIdle(backend))
  }

  leaveAll(client: Client, afterMs: number): void {
    for (const backend of this.#backends.values()) if (backend.client === client) this.#leave(backend, afterMs)
  }

  #whenIdle(backend: Backend): void {
    if (backend.committing === undefined) this.#end(backend)
    else this.#surroundings.after(5, () => this.#whenIdle(backend))
  }

  /** The network cuts a client off: after a while the server gives its connections up. */
  cutOff(client: Client): void {
    for (const backend of this.#backends.values()) {
      if (backend.client !== client) continue
      this.#surroundings.after(keepaliveMs, () => {
        if (client.cutOffUntilMs() > this.#surroundings.nowMs()) this.terminate(backend)
      })
    }
  }

  terminate(backend: Backend, reason: Error = new ServerError('57P01', 'terminating connection', 'FATAL')): void {
    if (backend.isOver) return
    const { committing } = backend
    // Who waits for a standby commits at once here, and tells nobody.
    if (committing !== undefined && this.#surroundings.isKept()) committing()
    this.#end(backend)
    this.#answer(backend.client, () => backend.fail(reason))
  }

  terminateAll(): void {
    for (const backend of this.#backends.values()) this.terminate(backend)
  }

  /** All of its processes end; what was not durable is gone. */
  crash(): void {
    this.isDown = true
    for (const backend of this.#backends.values())
      this.terminate(backend, new Error('Connection terminated unexpectedly'))
  }

  restart(): void {
    this.isDown = false
  }

  #end(backend: Backend): void {
    backend.isOver = true
    backend.isLeading = false
    backend.transaction = undefined
    backend.committing = undefined
    this.#backends.delete(backend.pid)
    this.#writerLock.release(backend)
    this.#tableLock.release(backend)
  }

  #refuse(backend: Backend, error: ServerError, answer: (error: Error) => void): void {
    if (backend.transaction === undefined) this.#unlock(backend)
    else backend.transaction.isFailed = true
    answer(error)
  }

  #unlock(backend: Backend): void {
    this.#writerLock.release(backend)
    this.#tableLock.release(backend)
  }

  #carryOut(
    backend: Backend,
    text: string,
    values: unknown[],
    answer: (error: Error | undefined, found?: Outcome) => void,
  ): void {
    const { transaction } = backend
    if (text === 'BEGIN') {
      backend.transaction = { changes: [], removed: new Set(), forgotten: new Set(), isFailed: false }
      answer(undefined)
      return
    }
    if (text === 'ROLLBACK') {
      backend.transaction = undefined
      this.#unlock(backend)
      answer(undefined)
      return
    }
    if (transaction?.isFailed) throw new ServerError('25P02', 'current transaction is aborted')
    if (text === 'COMMIT') {
      const changes = transaction?.changes ?? []
      this.#commit(
        backend,
        {
          change: () => {
            for (const change of changes) change()
          },
        },
        answer,
      )
      return
    }
    const known = this.tables.find(text)
    const go = () => {
      try {
        const found = known.run(values, backend, text)
        if (backend.transaction !== undefined) {
          if (found.change !== undefined) backend.transaction.changes.push(found.change)
          this.#surroundings.after(0, () => answer(undefined, found))
        } else if (found.change === undefined) {
          this.#unlock(backend)
          answer(undefined, found)
        } else this.#commit(backend, found, answer)
      } catch (error) {
        if (!(error instanceof ServerError)) throw error
        this.#refuse(backend, error, answer)
      }
    }
    this.#lock(backend, known.locks(text, backend), go, answer)
  }

  #commit(backend: Backend, found: Outcome, answer: (error: Error | undefined, found?: Outcome) => void): void {
    const commit = () => {
      if (backend.isOver || backend.committing !== commit) return
      backend.committing = undefined
      found.change?.()
      backend.transaction = undefined
      this.#unlock(backend)
      answer(undefined, found)
    }
    backend.committing = commit
    this.#surroundings.after(this.#surroundings.commitMs(), commit)
  }

  #lock(
    backend: Backend,
    { writer, table }: { readonly writer?: Mode | undefined; readonly table?: Mode | undefined },
    go: () => void,
    answer: (error: Error) => void,
  ): void {
    let isDone = false
    const whenFree = (isFree: boolean) => {
      if (isDone || backend.isOver) return
      isDone = true
      if (isFree) go()
      else this.#refuse(backend, new ServerError('55P03', 'canceling statement due to lock timeout'), answer)
    }
    this.#writerLock.take(backend, writer, () => this.#tableLock.take(backend, table, () => whenFree(true)))
    if (isDone) return
    this.#surroundings.after(lockTimeoutMs, () => {
      if (isDone) return
      this.#writerLock.giveUp(backend)
      this.#tableLock.giveUp(backend)
      whenFree(false)
    })
  }
}
