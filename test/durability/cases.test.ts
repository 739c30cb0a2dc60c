import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRecord } from '../../src/core/json-value.ts'
import { createRandom, type Random } from '../../src/core/random.ts'
import { createDetectorInForce } from '../../src/deciding/detector-in-force.ts'
import { Rebuild } from '../../src/deciding/rebuild.ts'
import { labelInForce, labelRanks } from '../../src/detector/label-precedence.ts'
import type { Sequenced } from '../../src/log/log-record.ts'
import type { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { lastDetector } from '../../src/training/find-detector.ts'
import { BruteCases } from '../service/brute-cases.ts'
import { assertSound, withLog } from './log-checks.ts'
import { type Purchase, purchases, ServiceProcess, succeed, temporaryFolder, trainBundle } from './service.ts'

// SHRIKE_CASES=500 is the length of a whole day.
const wanted = Number(process.env.SHRIKE_CASES ?? 60)
const rounds = Number(process.env.SHRIKE_ROUNDS ?? 3)
const seed = Number(process.env.SHRIKE_SEED ?? 1)
const analysts = ['ann', 'ben', 'cleo', 'dan']
const folder = temporaryFolder()
const data = join(folder, 'data')
const keys = new Map<string, string>()
let bundle: string

before(async () => {
  // Every card is looked at, so that a short day has enough of them.
  const change = (yaml: string) =>
    `${yaml.replace('review: 0.2, decline: 0.8', 'review: 0')}\ncases: { by: [card, customer] }\n`
  bundle = await trainBundle(folder, { change })
  mkdirSync(data)
  for (const [name, role] of [...analysts.map((each) => [each, 'analyst']), ['till', 'score'], ['bank', 'label']]) {
    const made = await succeed('keys', 'create', '--name', name, '--role', role, '--data', data, '--json')
    keys.set(name, JSON.parse(made).key)
  }
})

/** What everybody shares: the service as it is at the moment, and when there is nothing more to do. */
interface Day {
  service: ServiceProcess
  isOver: boolean
  readonly worked: { readonly by: string; readonly id: string; readonly verdict: string; readonly undone: boolean }[]
}

interface Asked {
  readonly status: number
  readonly body: Record<string, unknown>
}

function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? { ...value } : {}
}

/** Asks until there is an answer, whoever dies meanwhile: everything that is asked here may be asked again. */
async function ask(day: Day, name: string, path: string, body?: unknown): Promise<Asked> {
  for (;;) {
    const headers = {
      authorization: `Bearer ${keys.get(name)}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const sent = {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }
    const answer = await fetch(`${day.service.url}${path}`, sent)
      .then(async (response) => ({ status: response.status, body: asRecord(await response.json()) }))
      .catch(() => undefined)
    if (answer !== undefined && answer.status !== 503) return answer
    await sleep(20)
  }
}

/** Takes case after case, thinks, says what it is, and now and then takes that back and says something else. */
async function analyse(day: Day, name: string, random: Random): Promise<void> {
  while (!day.isOver) {
    const { body } = await ask(day, name, '/v1/cases/next/claim', {})
    if (!isRecord(body.case)) {
      await sleep(30)
      continue
    }
    const id = String(body.case.id)
    await sleep(random.uniform() * 20)
    const verdict = ['fraud', 'legitimate', 'legitimate', 'unsure'][random.integer(4)]
    const path = `/v1/cases/${id}`
    const given = await ask(day, name, `${path}/verdict`, { verdict })
    assert.equal(given.status, 200, JSON.stringify(given.body))
    const undone = random.uniform() < 0.2
    if (undone) {
      assert.equal((await ask(day, name, `${path}/undo`, {})).status, 200)
      assert.equal((await ask(day, name, `${path}/verdict`, { verdict: 'fraud' })).status, 200)
    }
    day.worked.push({ by: name, id, verdict: undone ? 'fraud' : verdict, undone })
  }
}

/** Whether no case is left that somebody could take. */
async function isDone(day: Day): Promise<boolean> {
  const { body } = await ask(day, 'ann', '/v1/cases?state=open&limit=1')
  return Array.isArray(body.cases) && body.cases.length === 0
}

async function shop(day: Day, list: readonly Purchase[], random: Random): Promise<void> {
  for (const { id, body } of list) {
    const { status } = await ask(day, 'till', '/v1/decisions', body)
    assert.equal(status, 200)
    if (random.uniform() < 0.1) {
      const label = {
        transactionId: id,
        isFraud: random.uniform() < 0.5,
        source: random.uniform() < 0.5 ? 'chargeback' : 'till',
      }
      assert.equal((await ask(day, 'bank', '/v1/labels', label)).status, 200)
    }
    await sleep(random.uniform() * 5)
  }
}

test(`a day of ${wanted} cases: none worked twice, each verdict a label once, through ${rounds} times kill -9`, async (t) => {
  const random = createRandom(seed)
  const list = purchases(wanted * 2)
  const day: Day = { service: await ServiceProcess.start(bundle, data), isOver: false, worked: [] }
  const shopping = Promise.all(
    [0, 1, 2].map((part) =>
      shop(
        day,
        list.filter((_, i) => i % 3 === part),
        createRandom(seed + part),
      ),
    ),
  )
  const working = analysts.map((name, i) => analyse(day, name, createRandom(seed + 10 + i)))
  // Somebody who fails ends the test, not only their own day.
  const all = Promise.all([shopping, ...working])
  for (let round = 0; round < rounds; round++) {
    await Promise.race([all, sleep(300 + random.uniform() * 700)])
    await day.service.kill()
    day.service = await ServiceProcess.start(bundle, data)
  }
  await Promise.race([all, shopping])
  while (!(await isDone(day))) await sleep(50)
  day.isOver = true
  await all
  const figures = (await ask(day, 'ann', '/v1/cases/figures')).body
  await day.service.stop()
  const records = assertSound(data)
  withLog(data, (reader) => {
    assertQueued(reader)
    assertWorkedOnce(reader, day)
    assertLabelled(reader)
  })
  const undone = day.worked.filter((each) => each.undone).length
  t.diagnostic(
    `${day.worked.length} cases, ${undone} undone once, ${records} records; ${JSON.stringify(figures.verdicts)}`,
  )
  assert.ok(day.worked.length >= wanted / 4, `${day.worked.length} cases were worked`)
})

function* recordsOf(reader: SqliteLogReader): Generator<Sequenced> {
  for (let after = 0; ; ) {
    const group = reader.next(after)
    yield* group
    const last = group.at(-1)
    if (last === undefined) return
    after = last.sequence
  }
}

/** After every record the queue is in the order in which a script has it that looks everything up. */
function assertQueued(reader: SqliteLogReader): void {
  const { detector } = lastDetector(reader)
  const columns = reader.lastDefinition()?.definition.columns ?? []
  const brute = new BruteCases({
    amount: columns.indexOf('amount'),
    keys: [columns.indexOf('card_id'), columns.indexOf('customer_id')],
  })
  const rebuild = new Rebuild(createDetectorInForce(detector, undefined), reader, undefined, {})
  const records = recordsOf(reader)
  while (rebuild.step(undefined, undefined, 1)) {
    const { value } = records.next()
    if (value !== undefined) brute.take(value)
    const queue = [...rebuild.projections.cases.queue.items()].map(({ id }) => id)
    assert.deepEqual(queue, brute.queue(), `after record ${rebuild.sequence}`)
  }
  assert.equal(records.next().done, true)
}

/** Nobody gets a case that somebody else has, and what was answered is what the log says. */
function assertWorkedOnce(reader: SqliteLogReader, { worked }: Day): void {
  const claims = new Map<string, { readonly by: string; readonly untilMs: number }>()
  const standing = new Map<string, { readonly by: string; readonly verdict: unknown }[]>()
  for (const record of recordsOf(reader)) {
    if (record.kind !== 'case') continue
    const { by, atMs, change } = record
    const id = String(change.case)
    const claim = claims.get(id)
    const isOthers = claim !== undefined && claim.by !== by && claim.untilMs > atMs
    assert.ok(!isOthers, `record ${record.sequence}: ${by} does ${change.action} to ${id}, which ${claim?.by} has`)
    const said = standing.get(id) ?? []
    if (change.action === 'claim') claims.set(id, { by, untilMs: Number(change.untilMs) })
    else if (change.action === 'verdict') standing.set(id, [...said, { by, verdict: change.verdict }])
    else if (change.action === 'undo') {
      standing.set(id, said.slice(0, -1))
      claims.set(id, { by, untilMs: atMs + 30 * 60_000 })
    }
    // A case that is closed is nobody's; what undoes that has it again.
    if (change.action === 'verdict') claims.delete(id)
  }
  for (const { by, id, verdict } of worked) assert.deepEqual(standing.get(id), [{ by: `key:${by}`, verdict }], id)
  assert.equal(new Set(worked.map(({ id }) => id)).size, worked.length, 'nobody was given a case that was done')
}

/** Each transaction with a verdict has the label of it once, and the label that counts is that of the source. */
function assertLabelled(reader: SqliteLogReader): void {
  const rankOf = labelRanks(lastDetector(reader).detector)
  const verdictOf = new Map<number, { readonly by: string; readonly verdict: unknown }>()
  const saidIn = new Map<number, readonly number[]>()
  for (const record of recordsOf(reader)) {
    if (record.kind !== 'case') continue
    const { action, transactions, verdict, of } = record.change
    if (action === 'verdict' && Array.isArray(transactions)) {
      saidIn.set(record.sequence, transactions.map(Number))
      for (const each of transactions) verdictOf.set(Number(each), { by: record.by, verdict })
    } else if (action === 'undo') for (const each of saidIn.get(Number(of)) ?? []) verdictOf.delete(each)
  }
  for (const record of recordsOf(reader)) {
    if (record.kind !== 'decision') continue
    const labels = reader.labelsOf(record.id)
    const own = labels.filter(({ source }) => source?.startsWith('analyst:'))
    const { by = '', verdict = 'unsure' } = verdictOf.get(record.sequence) ?? {}
    const expected = verdict === 'unsure' ? [] : [[verdict === 'fraud', by.replace('key:', 'analyst:')]]
    assert.deepEqual(
      own.map(({ isFraud, source }) => [isFraud, source]),
      expected,
      record.id,
    )
    const counts = labelInForce(labels, rankOf)
    const believed = labels.findLast(({ source }) => source === 'chargeback') ?? own[0] ?? labels.at(-1)
    assert.equal(counts, believed, record.id)
  }
  assert.ok(verdictOf.size > 0)
}
