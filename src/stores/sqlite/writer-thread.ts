import { once } from 'node:events'
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads'
import { startWorker } from '../../core/start-worker.ts'
import type { CommitAnswer } from '../../log/commit-target.ts'
import type { WriterData, WriterOrder } from './writer-messages.ts'

/** Who carries out orders in their turn, elsewhere than the one who gives them. */
export interface WriterThread {
  /** The answer to the start; undefined where it ended without one. */
  readonly first: Promise<CommitAnswer | undefined>
  post(order: WriterOrder, transfer: ArrayBuffer[]): void
  /** An answer that has come, without waiting for the loop's next turn. */
  poll(): CommitAnswer | undefined
  /** Called with each later answer, and with why it ended by itself. */
  listen(answered: (answer: CommitAnswer) => void, ended: (reason: string) => void): void
  end(): Promise<void>
}

/** A thread of this process. */
export class WorkerThread implements WriterThread {
  readonly first: Promise<CommitAnswer | undefined>
  readonly #worker: Worker
  readonly #port: MessagePort

  /** @param data what the script needs beside the log's path and key. */
  constructor(script: URL, data: Omit<WriterData, 'port'>) {
    const { port1, port2 } = new MessageChannel()
    this.#worker = startWorker(script, { workerData: { ...data, port: port2 }, transferList: [port2] })
    this.#port = port1
    this.first = Promise.race([once(port1, 'message'), once(this.#worker, 'exit').then(() => [])]).then(
      ([answer]) => answer,
    )
  }

  post(order: WriterOrder, transfer: ArrayBuffer[]): void {
    this.#port.postMessage(order, transfer)
  }

  poll(): CommitAnswer | undefined {
    const received: { readonly message: CommitAnswer } | undefined = receiveMessageOnPort(this.#port)
    return received?.message
  }

  listen(answered: (answer: CommitAnswer) => void, ended: (reason: string) => void): void {
    this.#port.on('message', answered)
    this.#worker.on('error', ({ message }) => ended(message))
  }

  async end(): Promise<void> {
    this.#port.close()
    await this.#worker.terminate()
  }
}
