import assert from 'node:assert/strict'
import { catchUp } from '../../src/stores/postgres/catch-up.ts'
import { LogCopy } from '../../src/stores/postgres/log-copy.ts'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { verifyLog } from '../../src/stores/sqlite/verify-log.ts'
import { assertReplayed } from '../service/decisions-fixture.ts'
import { inForce, type SimulatedPair } from './simulated-pair.ts'

/**
 * What a pair promises, once nothing fails any more: what was told is in the log once, as it was told, by who led; every
 * row is what the log makes again; both copies are the log.
 *
 * @returns how many decisions the log holds.
 */
export async function checkPair(pair: SimulatedPair): Promise<number> {
  const path = pair.pathOf(99)
  await fetchLog(pair, path)
  const reader = new SqliteLogReader(path)
  try {
    assert.equal(verifyLog(reader, undefined).problem, undefined)
    checkTold(pair, reader)
    checkLabels(pair, reader)
    for (const token of pair.erasuresTold) {
      const isKept = reader.database.prepare('SELECT 1 FROM persons WHERE token = ?').get(token)
      assert.equal(isKept, undefined, `${token} was erased`)
    }
    for (const number of pair.running.keys()) checkCopy(pair.pathOf(number), reader)
  } finally {
    reader.close()
  }
  const [count] = assertReplayed(path, [inForce])
  return count
}

/** What the database holds, as a process on a new machine gets it. */
async function fetchLog({ postgres, timeline }: SimulatedPair, path: string): Promise<void> {
  const client = {
    cutOffUntilMs: () => 0,
    after: (ms: number, happen: () => void) => timeline.after(ms, undefined, happen),
  }
  const copy = new LogCopy(path)
  let isDone = false
  const fetched = postgres.connect(client).then((session) => catchUp(session, copy))
  void fetched.finally(() => {
    isDone = true
  })
  await timeline.run(timeline.nowMs + 60_000, () => isDone)
  await fetched
  copy.close()
}

function checkTold({ told, postgres }: SimulatedPair, reader: SqliteLogReader): void {
  const count = reader.database.prepare('SELECT count(*) AS count FROM records WHERE kind <= 1 AND id = ?')
  const first = new Map<string, unknown>()
  for (const { sent, by, decision } of told) {
    const { ID: id } = sent
    assert.equal(count.get(id)?.count, 1, `${id} is in the log once`)
    const record = reader.find(id)
    assert.ok(record?.kind === 'decision', `${id} is a decision`)
    assert.equal(decision.score, record.score, `${id} has the score that was told`)
    assert.equal(decision.outcome, record.outcome, `${id} has the outcome that was told`)
    const { duplicate, ...answer } = decision
    assert.deepEqual(answer, first.get(id) ?? answer, `${id} has one answer`)
    first.set(id, answer)
    if (duplicate) continue
    const epoch = postgres.tables.records.get(record.sequence)?.epoch ?? Number.NaN
    assert.equal(postgres.tables.holders.get(epoch), by, `${id} was told by who committed it`)
  }
}

function checkLabels({ labelsTold }: SimulatedPair, reader: SqliteLogReader): void {
  const kept = [...reader.allLabels()].map(({ source }) => source)
  assert.equal(new Set(kept).size, kept.length, 'no label is there twice')
  for (const source of labelsTold) assert.ok(kept.includes(source), `the label ${source} is in the log`)
}

/** A copy holds what the log does, to the byte. */
function checkCopy(path: string, reader: SqliteLogReader): void {
  const copy = new SqliteLogReader(path)
  try {
    for (const sql of ['SELECT * FROM records ORDER BY sequence', 'SELECT * FROM persons ORDER BY token'])
      assert.deepEqual(copy.database.prepare(sql).all(), reader.database.prepare(sql).all(), path)
  } finally {
    copy.close()
  }
}
