import type { Worker } from 'node:cluster'
import { AggregatorRegistry, type MetricObject } from 'prom-client'
import type { Order } from './worker-link.ts'

const reportTimeoutMs = 1000

/** Adds up the metrics of all workers. One that does not answer in time is left out. */
export class MetricsReports {
  readonly #open = new Map<number, { readonly reports: MetricObject[][]; readonly add: () => void }>()
  #lastId = 0

  add(id: number, metrics: readonly MetricObject[]): void {
    const collection = this.#open.get(id)
    collection?.reports.push([...metrics])
    collection?.add()
  }

  async collect(workers: readonly Worker[]): Promise<string> {
    this.#lastId += 1
    const id = this.#lastId
    const reports: MetricObject[][] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#open.set(id, { reports, add: () => reports.length === workers.length && resolve() })
    const timer = setTimeout(resolve, reportTimeoutMs)
    const order: Order = { order: 'report', id }
    for (const worker of workers) worker.send(order)
    await promise
    clearTimeout(timer)
    this.#open.delete(id)
    return AggregatorRegistry.aggregate(reports).metrics()
  }
}
