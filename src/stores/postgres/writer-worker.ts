import { setTimeout as sleep } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import type { WriterOrder } from '../sqlite/writer-messages.ts'
import { connect } from './connect.ts'
import { DatabaseLogWriter } from './database-log-writer.ts'
import type { DatabaseWriterData } from './writer-data.ts'

/** The thread that writes into a database. */

const showLifeEveryMs = 250

const { port, ...data }: DatabaseWriterData = workerData
const writer = new DatabaseLogWriter({
  ...data,
  connect,
  today: () => new Date().toISOString().slice(0, 10),
  nowMs: () => performance.now(),
  wait: (ms) => sleep(ms),
  say: (answer) => port.postMessage(answer),
})
writer.start()
const living = setInterval(() => writer.showLife(), showLifeEveryMs)

port.on('message', async (order: WriterOrder) => {
  await writer.take(order)
  if (order.order !== 'close') return
  clearInterval(living)
  port.close()
})
