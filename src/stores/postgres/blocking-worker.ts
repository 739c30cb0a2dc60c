import { workerData } from 'node:worker_threads'
import type { BlockingAnswer, BlockingQuestion, BlockingWorkerData } from './blocking-client.ts'
import { connect, isRefusal, whyFailed } from './connect.ts'
import { migrate } from './schema.ts'
import type { Session } from './session.ts'

/** The thread that asks, for one that stands still meanwhile. */

const { url, port, signal }: BlockingWorkerData = workerData
let client: Session | undefined

async function ask({ text, values }: BlockingQuestion): Promise<BlockingAnswer> {
  try {
    // One that a failover cut while nothing was asked has nothing under way, so another takes its place.
    if (client === undefined || client.hasEnded) {
      client = await connect(url)
      await migrate(client)
    }
    const { rows } = await client.query(
      text,
      values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)),
    )
    return { rows }
  } catch (error) {
    if (!isRefusal(error)) {
      await client?.end()
      client = undefined
    }
    return { reason: whyFailed(error) }
  }
}

let work: Promise<void> = Promise.resolve()
port.on('message', (question: BlockingQuestion) => {
  work = work.then(async () => {
    port.postMessage(await ask(question))
    Atomics.store(signal, 0, 1)
    Atomics.notify(signal, 0)
  })
})
