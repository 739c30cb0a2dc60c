// The load generator, a process of its own: PLAN as JSON (harness/load-plan.ts). Prints one line of JSON.
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { HttpConnection } from '../harness/http-connection.ts'
import { type LoadPlan, type LoadResult, loadPlanSchema } from '../harness/load-plan.ts'
import { StreamSender } from '../harness/load-stream.ts'
import { startTicker } from '../harness/ticker.ts'

// Connections open and code is compiled before the first request is due.
const settleMs = 500
const drainMs = 10_000
const mostRecoveryMs = 30_000
const tickMs = 0.5

const result = await runPlan(loadPlanSchema.parse(JSON.parse(process.argv[2])))
process.stdout.write(`${JSON.stringify(result)}\n`)

async function runPlan(plan: LoadPlan): Promise<LoadResult> {
  const { port, streams, recoverWithinMs } = plan
  const startMs = performance.now() + settleMs
  const senders = streams.map((stream) => new StreamSender(port, stream, startMs))
  const endMs = startMs + Math.max(...streams.map(({ seconds }) => seconds)) * 1000
  const before = process.cpuUsage()
  await sendUntil(endMs, senders)
  const { user, system } = process.cpuUsage(before)
  const busy = (user + system) / 1000 / (endMs - startMs + settleMs)
  const [{ bodies }] = senders
  const recoveredAfterMs =
    recoverWithinMs === undefined
      ? null
      : await recover(port, streams[0].route, () => bodies.next(), recoverWithinMs, endMs)
  const drainedBy = performance.now() + drainMs
  while (senders.some(({ inFlight }) => inFlight > 0) && performance.now() < drainedBy) await setTimeout(10)
  return { streams: senders.map((sender) => sender.close()), busy, recoveredAfterMs }
}

function sendUntil(endMs: number, senders: readonly StreamSender[]): Promise<void> {
  return new Promise((resolve) => {
    let isGoingOn = false
    const advance = () => {
      isGoingOn = false
      const nowMs = performance.now()
      const hasMore = senders.map((sender) => sender.advance(nowMs)).includes(true)
      if (nowMs >= endMs) return ticker.stop().then(() => resolve())
      if (!hasMore || isGoingOn) return
      // Between two batches answers are read.
      isGoingOn = true
      setImmediate(advance)
    }
    const ticker = startTicker(tickMs, () => {
      if (!isGoingOn) advance()
    })
  })
}

/** How long after `endMs` the first of a row of single requests was answered 200 within `withinMs`. */
async function recover(
  port: number,
  path: string,
  nextBody: () => string,
  withinMs: number,
  endMs: number,
): Promise<number | null> {
  while (performance.now() < endMs + mostRecoveryMs) {
    const startMs = performance.now()
    const status = await new Promise<number>((resolve) => {
      const connection = new HttpConnection(
        port,
        path,
        (answer) => {
          connection.close()
          resolve(answer.status)
        },
        () => {
          connection.close()
          resolve(0)
        },
      )
      connection.send(nextBody())
    })
    const nowMs = performance.now()
    if (status === 200 && nowMs - startMs <= withinMs) return nowMs - endMs
    await setTimeout(5)
  }
  return null
}
