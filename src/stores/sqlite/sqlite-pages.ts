import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { FraudError } from '../../core/errors.ts'
import { startWorker } from '../../core/start-worker.ts'
import { workerScript } from '../../core/worker-script.ts'
import type { DecisionPage, DecisionPages, DecisionQuery } from '../../log/decision-pages.ts'
import type { KeyQuery, KeyView, KeyViews } from '../../log/key-views.ts'

/** What the thread that searches is asked, and what it answers. */
export type PageQuestion = { readonly query: DecisionQuery } | { readonly key: KeyQuery }
export type PageAnswer<Answer = unknown> = { readonly answer: Answer } | { readonly reason: string }

/** Decisions, searched for by a thread of its own, so that decisions being made don't wait for it. */
export class SqlitePages implements DecisionPages, KeyViews {
  readonly #path: string
  #worker: Worker | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  page(query: DecisionQuery): Promise<DecisionPage> {
    return this.#askInTurn<DecisionPage>({ query })
  }

  viewKey(key: KeyQuery): Promise<KeyView> {
    return this.#askInTurn<KeyView>({ key })
  }

  #askInTurn<Answer>(question: PageQuestion): Promise<Answer> {
    const answer = this.#last.then(() => this.#ask<Answer>(question))
    this.#last = answer.catch(() => {})
    return answer
  }

  /** Searches, from the next page on, the file that the log's name leads to then. */
  reopen(): void {
    this.#last = this.#last.then(async () => {
      await this.#worker?.terminate()
      this.#worker = undefined
    })
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  async #ask<Answer>(question: PageQuestion): Promise<Answer> {
    this.#worker ??= this.#start()
    this.#worker.postMessage(question)
    const [answer]: PageAnswer<Answer>[] = await once(this.#worker, 'message')
    if ('answer' in answer) return answer.answer
    throw new FraudError('LOG_INVALID', answer.reason)
  }

  /** One that fails, where there is no log yet, say, is dead; the next question starts another. */
  #start(): Worker {
    const worker = startWorker(workerScript('./page-worker', import.meta.url), { workerData: this.#path })
    worker.unref()
    worker.once('error', () => {
      this.#worker = undefined
    })
    return worker
  }
}
