import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { changeLimits } from './change-format.ts'
import type { Beside, DecisionLog } from './decision-log.ts'
import { changeKinds, type DecisionRecord, type LabelRecord, type LogRecord, recordFormat } from './log-record.ts'
import type { PersonalValues } from './personal-values.ts'

interface OpenLog extends DecisionLog {
  readonly persons: PersonalValues
  prune(through: number): void
  close(): Promise<void>
}

const definition: LogRecord = {
  kind: 'definition',
  format: recordFormat,
  detector: {},
  model: 'm@1',
  policy: { version: 1, whenUnavailable: 'review', deadlineMs: 100 },
  columns: ['CARD', 'AMOUNT'],
  features: ['amount', 'other'],
  runtime: 'test',
}

const decision = (id: string, more: Partial<DecisionRecord> = {}): DecisionRecord => ({
  ...{ kind: 'decision', id, timestampMs: 5, outcome: 'review', score: 0.5, decidedAtMs: 7, definition: 1 },
  ...{ degraded: [], fields: ['c', 1.5], row: Float64Array.of(1.5, 2) },
  ...more,
})

const label = (id: string, of: number, isFraud: boolean): LabelRecord => ({
  ...{ kind: 'label', id, isFraud, knownAtMs: 9, source: undefined, receivedAtMs: 9, of },
})

const append = (log: DecisionLog, record: LogRecord, beside?: Beside) =>
  new Promise<number>((resolve, reject) => {
    const sequence = log.append(record, (error) => (error ? reject(error) : resolve(sequence)), beside)
  })

/**
 * What every log has to hold.
 *
 * @param newPlace names one where no log is yet, which `open` then makes.
 */
export function keepsRecords<Place>(
  where: string,
  newPlace: () => Place,
  open: (place: Place) => Promise<OpenLog>,
): void {
  describe(`a log ${where}`, () => {
    test('has encoded a record before append returns, so that its row may be used again', async () => {
      const log = await open(newPlace())
      const row = new Float64Array(2)
      const appended = [append(log, definition)]
      for (let i = 0; i < 100; i++) {
        row.fill(i)
        appended.push(append(log, decision(`t-${i}`, { row })))
      }
      row.fill(Number.NaN)
      await Promise.all(appended)
      const found = await log.lookUps.find(Array.from({ length: 100 }, (_, i) => `t-${i}`))
      for (let i = 0; i < 100; i++) {
        const record = found.get(`t-${i}`)
        assert.ok(record?.kind === 'decision' && record.sequence === i + 2)
        assert.deepEqual([...record.row], [i, i])
      }
      await log.close()
    })

    test('settles records in the order of their numbers, each once it can be found', async () => {
      const log = await open(newPlace())
      const settled: number[] = []
      const looks: Promise<void>[] = []
      const { promise: all, resolve } = Promise.withResolvers<void>()
      await append(log, definition)
      for (let i = 0; i < 300; i++) {
        const sequence = log.append(decision(`t-${i}`), (error) => {
          assert.equal(error, undefined)
          settled.push(sequence)
          looks.push(
            log.lookUps.find([`t-${i}`]).then((found) => assert.equal(found.get(`t-${i}`)?.sequence, sequence)),
          )
          if (settled.length === 300) resolve()
        })
        if (i % 40 === 0) await nextTurn()
      }
      await all
      await Promise.all(looks)
      assert.deepEqual(
        settled,
        Array.from({ length: 300 }, (_, i) => i + 2),
      )
      await log.close()
    })

    test('finds transactions with their labels, and only those that it holds', async () => {
      const log = await open(newPlace())
      const records = [
        ...[definition, decision('a'), label('a', 2, true), label('b', 0, true), label('a', 2, false)],
        ...[{ kind: 'history', id: 'h', timestampMs: 1, definition: 1, isLabelled: false, fields: ['c', 2] } as const],
      ]
      for (const record of records) await append(log, record)
      const found = await log.lookUps.find(['a', 'b', 'h', 'none', 'a'])
      assert.deepEqual(
        [...found].map(([id, { kind, sequence }]) => [id, kind, sequence]),
        [
          ['a', 'decision', 2],
          ['h', 'history', 6],
        ],
      )
      const labelled = await log.lookUps.findLabelled(['a', 'b', 'h', 'none'])
      const told = (id: string) => {
        const { transaction, labels = [] } = labelled.get(id) ?? {}
        return [transaction?.sequence, labels.map(({ sequence, isFraud }) => [sequence, isFraud])]
      }
      assert.deepEqual(told('a'), [
        2,
        [
          [3, true],
          [5, false],
        ],
      ])
      assert.deepEqual(told('b'), [undefined, [[4, true]]])
      assert.deepEqual(
        [told('h'), told('none')],
        [
          [6, []],
          [undefined, []],
        ],
      )
      const last = await log.lookUps.findLabelled(['a'], 1)
      assert.deepEqual(
        last.get('a')?.labels.map(({ sequence }) => sequence),
        [5],
      )
      await log.close()
    })

    test('says of no transaction that it holds that it may not, from append on and after it is opened again', async () => {
      const place = newPlace()
      const log = await open(place)
      await append(log, definition)
      const ids = Array.from({ length: 2500 }, (_, i) => `t-${i}`)
      const appended = ids.map((id) => {
        const settled = append(log, decision(id))
        assert.ok(log.lookUps.mayHold(id), id)
        return settled
      })
      await Promise.all(appended)
      await log.close()
      const again = await open(place)
      // At once, and while what it may hold is still being read.
      for (let turn = 0; turn < 10; turn++) {
        assert.deepEqual(
          ids.filter((id) => !again.lookUps.mayHold(id)),
          [],
        )
        await nextTurn()
      }
      await again.close()
    })

    test('keeps changes as they are, with their persons', async () => {
      const place = newPlace()
      const log = await open(place)
      const changes: LogRecord[] = changeKinds.map((kind, i) => {
        const change = {
          id: `rule-${i}`,
          when: 'amount > 1',
          nested: [{ deep: [null, true, -0.5, 'ü€\n'] }],
          empty: {},
        }
        return { kind, by: 'user:ann', why: `because ${i}`, atMs: 7 + i, change }
      })
      const [ada] = await log.persons.lookUp([{ key: 'card', value: 'Ada' }])
      changes.push({
        kind: 'list',
        by: 'key:desk',
        why: '',
        atMs: 11,
        change: { add: [ada.token] },
        tokens: [ada.token],
      })
      await append(log, definition)
      for (const change of changes.slice(0, -1)) await append(log, change)
      await append(log, changes[changes.length - 1], { newPersons: [ada] })
      await log.close()
      const again = await open(place)
      const read = again.reading.next(1)
      assert.deepEqual(
        read,
        changes.map((change, i) => ({ ...change, sequence: i + 2 })),
      )
      assert.equal(again.persons.valueOf(ada.token), 'Ada')
      await again.close()
    })

    test('gives each record to the last who follows it, in its place, before append returns', async () => {
      const log = await open(newPlace())
      const heard: unknown[] = []
      log.follow(() => assert.fail('another one follows it'))
      log.follow((record, sequence, about) => heard.push([record.kind, sequence, about?.id]))
      const about = { ...decision('a'), sequence: 2 }
      const change = { kind: 'rule', by: 'user:ann', why: '', atMs: 1, change: {} } as const
      const appended: Promise<number>[] = []
      for (const record of [definition, decision('a'), label('a', 2, true), change]) {
        appended.push(append(log, record, record.kind === 'label' ? { about } : undefined))
        assert.equal(heard.length, appended.length)
      }
      assert.deepEqual(heard, [
        ['definition', 1, undefined],
        ['decision', 2, undefined],
        ['label', 3, 'a'],
        ['rule', 4, undefined],
      ])
      const tooLarge = { ...change, why: 'x'.repeat(changeLimits.whyCharacters + 1) }
      assert.throws(() => log.append(tooLarge, () => {}), { code: 'INPUT_INVALID' })
      assert.deepEqual([heard.length, log.nextSequence], [4, 5])
      await Promise.all(appended)
      await log.close()
    })

    test('takes an id again whose record was let go', async () => {
      const log = await open(newPlace())
      await append(log, definition)
      await append(log, decision('a'))
      // The newest record is never let go.
      await append(log, decision('b'))
      log.prune(2)
      while ((await log.lookUps.find(['a'])).size > 0) await nextTurn()
      assert.equal(await append(log, decision('a')), 4)
      await log.close()
    })

    test('makes new persons durable with their transaction', async () => {
      const place = newPlace()
      const log = await open(place)
      await append(log, definition)
      const [ada] = await log.persons.lookUp([{ key: 'card', value: 'Ada' }])
      const [bob] = await log.persons.lookUp([{ key: 'card', value: 'Bob' }])
      await new Promise<void>((resolve, reject) => {
        const settled = (error?: Error) => (error ? reject(error) : resolve())
        log.append(decision('a', { fields: [ada.token, 1] }), settled, { newPersons: [ada] })
      })
      await log.close()
      const again = await open(place)
      assert.deepEqual(
        [again.persons.tokenOf('card', 'Ada'), again.persons.tokenOf('card', 'Bob')],
        [ada.token, undefined],
      )
      assert.deepEqual([again.persons.valueOf(ada.token), again.persons.valueOf(bob.token)], ['Ada', undefined])
      await again.close()
    })
  })
}
