import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { start } from './child.ts'

const detector = `detector: payments
transaction:
  id: id
  time: { field: time, format: epoch-ms }
  amount: { field: amount, digits: 2, currency: EUR }
  keys: { card: card, terminal: terminal }
  label: { field: is_fraud, delay: 30d }
features:
  - amount
  - count: { by: card, over: 1d }
policy: { review: 0.5, decline: 0.9 }
`
const rule = { id: 'all-to-people', when: 'amount > 0.0', then: 'review', state: 'live' }
const batchRows = 500

/** A service in a process of its own whose every transaction is reviewed, so that each card has a case. */
export async function startConsoleService() {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-console-bench-'))
  const path = join(folder, 'detector.yaml')
  writeFileSync(path, detector)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const args = ['serve', '--detector', path, '--data', join(folder, 'data'), '--port', String(port)]
  const child = start(process.execPath, ['bin/shrike.js', ...args, '--log-level', 'error'])
  const stop = () => {
    child.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    child.kill()
  }
  try {
    await untilReady(url)
    await post(url, '/v1/rules', rule)
  } catch (error) {
    stop()
    throw error
  }
  let ids = 0
  const payment = (card: number) => ({
    ...{ id: `p-${++ids}`, time: Date.now(), amount: 20 + (ids % 400), card: `k-${card}`, terminal: `t-${ids % 500}` },
  })
  return {
    url,
    /** A case for each of so many cards. */
    async open(cases: number): Promise<void> {
      for (let from = 0; from < cases; from += batchRows) {
        const rows = Array.from({ length: Math.min(batchRows, cases - from) }, (_, i) => payment(from + i))
        await post(url, '/v1/decisions/batch', rows)
      }
    },
    /** Sends so many payments a second of cards that have a case, until it is stopped, which tells how many were sent. */
    stream(perSecond: number, cards: number): () => Promise<number> {
      let sent = 0
      const pending = new Set<Promise<unknown>>()
      const timer = setInterval(() => {
        const call = post(url, '/v1/decisions', payment((sent * 7919) % cards))
        sent++
        pending.add(call)
        void call.finally(() => pending.delete(call))
      }, 1000 / perSecond)
      return async () => {
        clearInterval(timer)
        await Promise.all(pending)
        return sent
      }
    },
    async cases(): Promise<number> {
      const answer: unknown = await (await fetch(`${url}/v1/cases/figures`)).json()
      return z.object({ cases: z.object({ open: z.number() }) }).parse(answer).cases.open
    },
    stop,
  }
}

async function post(url: string, path: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`)
}

async function untilReady(url: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    const isReady = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the service was not ready within a minute')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
