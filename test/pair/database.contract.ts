import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRefusal } from '../../src/stores/postgres/connect.ts'
import { endLeader, Lead } from '../../src/stores/postgres/lead.ts'
import { Leadership } from '../../src/stores/postgres/leadership.ts'
import {
  appendRows,
  hashAt,
  LeadLost,
  personsAfter,
  type Rows,
  recordsAfter,
} from '../../src/stores/postgres/log-table.ts'
import type { Session } from '../../src/stores/postgres/session.ts'

type Connect = () => Promise<Session>

const rowsOf = (first: number, ids: readonly string[], more: Partial<Rows> = {}): Rows => ({
  records: ids.map((id, i) => ({
    ...{ sequence: first + i, kind: 0, outcome: 1, timestampMs: 5, score: i === 0 ? null : 0.25, id },
    ...{ body: Uint8Array.of(1, 2), hash: new Uint8Array(32).fill(first + i) },
  })),
  ...{ persons: [], forgotten: [], prunedThrough: 0 },
  ...more,
})

async function lead(session: Session, holder: string): Promise<Lead> {
  const taken = await Lead.take(session, holder, '2026-01-01')
  assert.ok(taken instanceof Lead, `${holder} leads`)
  return taken
}

/**
 * What a leader and its followers rest on, whichever server it is.
 *
 * @param open makes a new database with the log's schema, and returns what connects to it.
 */
export function sharesOneLead(where: string, open: () => Promise<Connect>): void {
  describe(`the lead ${where}`, () => {
    test('is one connection’s, until that ends or is ended', async () => {
      const connect = await open()
      const [one, two] = [await connect(), await connect()]
      const first = await lead(one, 'one')
      await first.beat()
      const seen = await Lead.take(two, 'two', '2026-01-01')
      assert.ok(!(seen instanceof Lead))
      assert.deepEqual([seen.holder, seen.epoch], ['one', 1])
      await endLeader(two, seen)
      await assert.rejects(first.beat(), (error) => !isRefusal(error))
      await one.end()
      const second = await lead(two, 'two')
      await second.announce('http://two')
      await two.end()
      const third = await connect()
      await sleep(50)
      await lead(third, 'three')
      await third.end()
    })

    test('can be taken from one that was stopped while it took it', async () => {
      const connect = await open()
      const [one, two] = [await connect(), await connect()]
      const stopped: Session = {
        ...{ hasEnded: false, end: () => one.end() },
        query: async (statement, values) => {
          await one.query(statement, values)
          return new Promise(() => {})
        },
      }
      void Lead.take(stopped, 'one', '2026-01-01')
      await sleep(200)
      const seen = await Lead.take(two, 'two', '2026-01-01')
      assert.ok(!(seen instanceof Lead))
      assert.equal(seen.holder, 'one')
      await endLeader(two, seen)
      await sleep(200)
      await lead(two, 'two')
      await two.end()
    })

    test('of a command is its own without a sign of life, as long as its connection lasts', async () => {
      const connect = await open()
      const one = await connect()
      const held = await Lead.take(one, 'a command', '2026-01-01', true)
      assert.ok(held instanceof Lead)
      let nowMs = 0
      const other = new Leadership({
        ...{ url: 'postgres://h/d', connect, holder: 'two', today: () => '2026-01-01' },
        nowMs: () => (nowMs += 5000),
      })
      for (let look = 0; look < 3; look++) assert.ok(!((await other.take()) instanceof Lead))
      assert.equal(other.leader?.holder, 'a command')
      await held.beat()
      await held.end()
      await sleep(200)
      assert.ok((await other.take()) instanceof Lead)
      await other.giveUp()
    })

    test('lets nothing in by an epoch that has passed', async () => {
      const connect = await open()
      const [one, two] = [await connect(), await connect()]
      const first = await lead(one, 'one')
      await first.append(rowsOf(1, ['a', 'b']))
      await one.end()
      await sleep(50)
      await lead(two, 'two')
      await assert.rejects(appendRows(two, 1, rowsOf(3, ['c'])), LeadLost)
      await appendRows(two, 2, rowsOf(3, ['d']))
      const records = await recordsAfter(two, 0, 10)
      assert.deepEqual(
        records.map(({ sequence, id, score }) => [sequence, id, score]),
        [
          [1, 'a', null],
          [2, 'b', 0.25],
          [3, 'd', null],
        ],
      )
      assert.deepEqual(
        (await recordsAfter(two, 1, 1)).map(({ id }) => id),
        ['b'],
      )
      assert.deepEqual(
        [(await hashAt(two))?.sequence, (await hashAt(two, 2))?.hash[0], await hashAt(two, 9)],
        [3, 2, undefined],
      )
      await two.end()
    })

    test('waits for a commit of the epoch before that is under way', async () => {
      const connect = await open()
      const [one, two, three] = [await connect(), await connect(), await connect()]
      await lead(one, 'one')
      await one.end()
      await sleep(50)
      await two.query('BEGIN')
      await appendRows(two, 1, rowsOf(1, ['late']))
      let isTaken = false
      const taken = lead(three, 'three').finally(() => {
        isTaken = true
      })
      await sleep(200)
      assert.equal(isTaken, false)
      await two.query('COMMIT')
      await taken
      assert.deepEqual((await hashAt(three))?.sequence, 1)
      for (const session of [two, three]) await session.end()
    })

    test('takes an id and a person once, all of a batch or nothing, and again where they were let go', async () => {
      const connect = await open()
      const session = await connect()
      const leading = await lead(session, 'one')
      const person = (token: string) => ({ key: 'card', value: 'Ada\0', token, mac: null })
      await leading.append(rowsOf(1, ['a'], { persons: [person('t1')] }))
      await assert.rejects(leading.append(rowsOf(2, ['b', 'a'])), isRefusal)
      await assert.rejects(leading.append(rowsOf(2, ['c'], { persons: [person('t2')] })), isRefusal)
      assert.equal((await hashAt(session))?.sequence, 1)
      const again = { forgotten: [{ key: 'card', token: 't1' }], persons: [person('t2')], prunedThrough: 1 }
      await leading.append(rowsOf(2, ['a'], again))
      assert.deepEqual(
        (await personsAfter(session, 0, 9)).map(({ token, value }) => [token, value]),
        [['t2', 'Ada\0']],
      )
      assert.deepEqual(
        (await recordsAfter(session, 0, 9)).map(({ sequence }) => sequence),
        [2],
      )
      await leading.leaveNoTraces()
      await session.end()
    })

    test('lets days go whole, and never the newest', async () => {
      const connect = await open()
      const session = await connect()
      const leading = await lead(session, 'one')
      const add = (first: number, last: number) =>
        leading.append(
          rowsOf(
            first,
            Array.from({ length: last - first + 1 }, (_, i) => `t-${first + i}`),
          ),
        )
      await leading.turnPartition(1, '2026-01-02')
      await add(1, 10)
      await leading.turnPartition(11, '2026-01-02')
      await leading.turnPartition(11, '2026-01-03')
      await add(11, 20)
      await leading.turnPartition(21, '2026-01-04')
      await add(21, 25)
      const kept = async () => {
        const sequences = (await recordsAfter(session, 0, 100)).map(({ sequence }) => sequence)
        return `${sequences[0]}-${sequences.at(-1)}`
      }
      await leading.prune(9)
      assert.equal(await kept(), '1-25')
      await leading.prune(15)
      assert.equal(await kept(), '11-25')
      await leading.prune(25)
      assert.equal(await kept(), '21-25')
      await session.end()
    })
  })
}
