import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { FraudError } from '../../core/errors.ts'
import { workerScript } from '../../core/worker-script.ts'
import type { DecisionPage, DecisionPages, DecisionQuery } from '../../log/decision-pages.ts'

/** What the thread that searches answers. */
export type PageAnswer = { readonly page: DecisionPage } | { readonly reason: string }

/** Pages of decisions, searched for by a thread of its own, so that decisions being made don't wait for it. */
export class SqlitePages implements DecisionPages {
  readonly #path: string
  #worker: Worker | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  page(query: DecisionQuery): Promise<DecisionPage> {
    const page = this.#last.then(() => this.#ask(query))
    this.#last = page.catch(() => {})
    return page
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

  async #ask(query: DecisionQuery): Promise<DecisionPage> {
    this.#worker ??= this.#start()
    this.#worker.postMessage(query)
    const [answer]: PageAnswer[] = await once(this.#worker, 'message')
    if ('page' in answer) return answer.page
    throw new FraudError('LOG_INVALID', answer.reason)
  }

  /** One that fails, where there is no log yet, say, is dead; the next question starts another. */
  #start(): Worker {
    const worker = new Worker(workerScript('./page-worker', import.meta.url), { workerData: this.#path })
    worker.unref()
    worker.once('error', () => {
      this.#worker = undefined
    })
    return worker
  }
}
