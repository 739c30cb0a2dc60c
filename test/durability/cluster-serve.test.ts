import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { replayCluster } from '../cluster/kafka-replay.ts'
import { type KafkaServer, noKafka, startKafka } from '../kafka-server.ts'
import { startShrike } from '../run-shrike.ts'
import { firstAnswer, type Purchase, purchases, succeed, temporaryFolder, trainBundle } from './service.ts'

/** 200,000 at night. */
const count = Number(process.env.SHRIKE_TRANSACTIONS ?? 500)
/** Kills of a replica; every fifth is the broker's, too. */
const rounds = Number(process.env.SHRIKE_ROUNDS ?? 2)
const partitions = 8
const atOnce = 64
const key = 'a secret of this test alone'

describe('a cluster of three replicas and one broker', { skip: noKafka }, () => {
  let server: KafkaServer
  const folder = temporaryFolder()
  let bundle = ''
  let address = ''
  const children: (ChildProcess | undefined)[] = []
  const urls: string[] = []

  before(async () => {
    bundle = await trainBundle(folder)
    server = await startKafka()
    address = server.url('payments')
    await succeed('cluster', 'init', address, bundle, '--partitions', String(partitions), '--replication', '1')
  })
  after(async () => {
    for (const child of children) child?.kill('SIGKILL')
    await server?.remove()
  })

  /** Starts a replica and waits until it is ready. */
  async function start(replica: number): Promise<void> {
    const port = String(urls[replica] === undefined ? 0 : new URL(urls[replica]).port)
    const args = ['serve', bundle, '--cluster', address, '--replica', `${replica + 1}/3`, '--port', port]
    args.push('--data', join(folder, `data-${replica}`), '--snapshot-every', '100')
    const replies = `127.0.0.1:${repliesFrom + replica}`
    const { child, ended } = startShrike(folder, [...args, '--replies', replies], { SHRIKE_CLUSTER_KEY: key })
    children[replica] = child
    let said = ''
    child.stderr?.on('data', (text: string) => {
      said += text
    })
    while (!/ on http:\S+/.test(said)) {
      const over = await Promise.race([sleep(20), ended])
      assert.equal(over, undefined, said)
    }
    urls[replica] = / on (http:\S+)/.exec(said)?.[1] ?? ''
    while ((await ask(replica, 'GET', '/readyz')).status !== 200) await sleep(50)
  }

  async function ask(replica: number, method: string, path: string, body?: unknown) {
    try {
      const answer = await fetch(`${urls[replica]}${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      return { status: answer.status, text: await answer.text() }
    } catch {
      return { status: 0, text: '' }
    }
  }

  /** As a caller does who wants an answer: the same id again, at another replica. */
  async function decide({ body }: Purchase, to: number): Promise<string> {
    for (let tries = 0; ; tries++) {
      const { status, text } = await ask((to + tries) % 3, 'POST', '/v1/decisions', body)
      if (status === 200) return text
      assert.ok(status === 0 || status === 503, text)
      await sleep(100 + Math.min(1_000, 50 * tries))
    }
  }

  test('answers each id once and durably, whoever is killed, and a replay in one process makes the same rows', async () => {
    await Promise.all([0, 1, 2].map(start))
    const all = purchases(count)
    const answers = new Map<string, Set<string>>()
    let next = 0
    let longestMs = 0
    const work = async () => {
      for (let at = next++; at < all.length; at = next++) {
        const begin = performance.now()
        const twice = at % 50 === 0 ? [at, at + 1] : [at]
        const texts = await Promise.all(twice.map((to) => decide(all[at], to)))
        longestMs = Math.max(longestMs, performance.now() - begin)
        answers.set(all[at].id, new Set(texts.map(firstAnswer)))
        if (all[at].isFraud || at % 20 === 0) {
          const label = { transactionId: all[at].id, isFraud: all[at].isFraud, source: 'chargeback' }
          await ask(at % 3, 'POST', '/v1/labels', label)
        }
      }
    }
    const working = Promise.all(Array.from({ length: atOnce }, work))
    for (let round = 1; round <= rounds; round++) {
      while (next < (count * round) / (rounds + 1)) await sleep(20)
      const replica = round % 3
      children[replica]?.kill('SIGKILL')
      if (round % 5 === 2) {
        await server.kill()
        await sleep(500)
        await server.start()
      }
      await start(replica)
    }
    await working
    await sleep(2_500)
    const saved = readdirSync(join(folder, 'data-0', 'cluster', 'payments-1'))
    assert.ok(
      saved.some((name) => name.startsWith('home')) && saved.some((name) => name.startsWith('key-card')),
      String(saved),
    )
    const replayed = await replayCluster(server.broker, 'payments', partitions)
    assert.deepEqual([...replayed.decisions.keys()].sort(), all.map(({ id }) => id).sort())
    assert.deepEqual(replayed.differing, [])
    for (const [id, texts] of answers) {
      assert.equal(texts.size, 1, `callers of ${id} got different answers`)
      const { outcome, score, degraded } = JSON.parse([...texts][0] ?? '')
      const record = replayed.decisions.get(id)
      assert.deepEqual(
        { outcome, score, degraded },
        { outcome: record?.outcome, score: record?.score, degraded: record?.degraded },
      )
    }
    const scored = [...replayed.decisions.values()].filter(({ score }) => score !== null).length
    console.log(
      `${count} decided, ${scored} with a score, ${replayed.repeats} repeats, longest ${Math.round(longestMs)} ms`,
    )
    assert.ok(replayed.repeats > 0 && scored > 0.8 * count)
  })

  test('refuses what one process does, other content of an id, and bad input', async () => {
    const [first] = purchases(count)
    const text = await decide(first, 0)
    assert.equal(JSON.parse(text).duplicate, true)
    const changed = await ask(1, 'POST', '/v1/decisions', { ...first.body, amount: Number(first.body.amount) + 1 })
    assert.deepEqual([changed.status, JSON.parse(changed.text).code], [409, 'TRANSACTION_CONFLICT'])
    const bad = await ask(2, 'POST', '/v1/decisions', { ...first.body, amount: 'much' })
    assert.deepEqual([bad.status, JSON.parse(bad.text).code], [422, 'INPUT_INVALID'])
    const other = await ask(0, 'GET', '/v1/cases')
    assert.deepEqual([other.status, JSON.parse(other.text).code], [501, 'CLUSTER_UNSUPPORTED'])
    const explained = await ask(0, 'POST', '/v1/decisions?explain=true', first.body)
    assert.equal(JSON.parse(explained.text).code, 'CLUSTER_UNSUPPORTED')
    const flagged = await startShrike(folder, ['serve', bundle, '--cluster', address, '--retain', '30d']).ended
    assert.match(flagged.stderr, /does not know --retain/)
    const early = await ask(0, 'POST', '/v1/labels', { transactionId: 'nobody-came', isFraud: true })
    assert.deepEqual([early.status, JSON.parse(early.text).pending], [200, true])
  })
})

/** Away from what the system gives out by itself. */
const repliesFrom = 17_400 + (process.pid % 500) * 3
