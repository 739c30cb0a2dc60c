import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Sequenced } from '../../src/log/log-record.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { runIn, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-repeats-'))
const run = (...args: string[]) => runIn(folder, args)
const succeed = (...args: string[]) => succeedIn(folder, args)
const write = (name: string, lines: readonly string[]) => writeFileSync(join(folder, name), `${lines.join('\n')}\n`)

const declared = (features: string) => `
detector: cards
transaction:
  id: tx
  time: { field: at, format: iso }
  amount: { field: amount, digits: 2 }
  keys: { card: card, customer: person }
  personal: [customer]
  label: { field: fraud }
features: ${features}
`
const header = 'tx,at,amount,card,person,fraud'
const at = (day: number) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString()
const row = (tx: string, day: number, amount: string, fraud: string, more: { person?: string } = {}) =>
  `${tx},${at(day)},${amount},c-${day % 3},${more.person ?? `p-${day % 5}`},${fraud}`
const ordinary = Array.from({ length: 60 }, (_, day) =>
  row(`t-${day}`, day, `${10 + (day % 7)}.00`, day % 5 === 4 ? '1' : '0'),
)

before(async () => {
  write('histories.yaml', [declared('[amount, { count: { by: card, over: 30d } }]')])
  write('flat.yaml', [declared('[amount]')])
  write('cards.csv', [header, ...ordinary])
  for (const name of ['histories', 'flat']) {
    const flags = ['--preset', 'recipe', '--n-estimators', '3', '--no-leak-check', '--out', `${name}.safetensors`]
    await succeed('train', '--no-report', 'cards.csv', '--detector', `${name}.yaml`, ...flags)
  }
})
after(() => rmSync(folder, { recursive: true }))

const replay = (file: string, data: string, ...more: string[]) =>
  run('replay', file, '--data', data, '--bundle', 'histories.safetensors', '--json', ...more)

/** The transactions of a log with their amounts, and whether the last label says fraud. */
function held(data: string): readonly (readonly [string, unknown, boolean | undefined])[] {
  const reader = new SqliteLogReader(dataDirectory(join(folder, data)).logPath)
  const records: Sequenced[] = []
  for (let next = reader.next(0); next.length > 0; next = reader.next(records.at(-1)?.sequence ?? 0))
    records.push(...next)
  const transactions = records.flatMap((record) =>
    record.kind === 'history' || record.kind === 'decision'
      ? [[record.id, record.fields[0], reader.lastLabel(record.id)?.isFraud] as const]
      : [],
  )
  reader.close()
  return transactions
}

for (const as of ['history', 'decisions']) {
  describe(`a replay as ${as}`, () => {
    const data = (name: string) => `${as}-${name}`
    const clash = [header, row('t-1', 1, '10.00', '0'), '', row('t-2', 2, '11.00', '0'), row('t-1', 3, '999.00', '1')]

    test('refuses two transactions of one id before anything is brought in, by id, lines and fields', async () => {
      write('clash.csv', clash)
      const { code, stderr } = await replay('clash.csv', data('fail'), '--as', as)
      assert.equal(code, 1)
      assert.match(stderr, /TRANSACTION_CONFLICT: 1 row has the id of another transaction/)
      assert.match(stderr, /line 5 has the id of line 2 \("t-1"\), and differs in at, amount, card, person, fraud/)
      assert.match(stderr, /Nothing was brought in/)
      assert.doesNotMatch(stderr, /999|p-3/)
      assert.deepEqual(held(data('fail')), [])
    })

    test('leaves the second out with its label where it is told to', async () => {
      write('clash.csv', clash)
      const { code, stdout, stderr } = await replay('clash.csv', data('skip'), '--as', as, '--on-conflict', 'skip')
      assert.equal(code, 0, stderr)
      const { transactions, labels, conflicts, firstConflicts } = JSON.parse(stdout)
      assert.deepEqual([transactions, labels, conflicts], [2, 0, 1])
      assert.deepEqual(firstConflicts, [
        { id: 't-1', at: 'line 5', with: 'line 2', fields: ['at', 'amount', 'card', 'person'] },
      ])
      assert.match(stderr, /They and their labels were left out/)
      assert.deepEqual(held(data('skip')), [
        ['t-1', 10, undefined],
        ['t-2', 11, undefined],
      ])
    })

    test('counts the same again, and takes what only the second knows', async () => {
      const twice = [row('t-1', 1, '10.00', '1'), row('t-2', 2, '11.00', ''), row('t-3', 3, '12.00', '')]
      const again = [row('t-1', 1, '10.00', '1'), row('t-2', 2, '11.00', '1'), row('t-3', 3, '12.00', '0')]
      write('twice.csv', [header, ...twice, ...again])
      const { code, stdout, stderr } = await replay('twice.csv', data('twice'), '--as', as)
      assert.equal(code, 0, stderr)
      const { transactions, repeated, known } = JSON.parse(stdout)
      assert.deepEqual([transactions, repeated, known], [3, 3, 0])
      assert.deepEqual(held(data('twice')), [
        ['t-1', 10, true],
        ['t-2', 11, true],
        ['t-3', 12, as === 'history' ? false : undefined],
      ])
      const rerun = JSON.parse((await replay('twice.csv', data('twice'), '--as', as)).stdout)
      assert.deepEqual([rerun.transactions, rerun.known, rerun.repeated, rerun.labels], [0, 3, 3, 0])
    })

    test('refuses two labels of one transaction that contradict each other', async () => {
      write('labels.csv', [header, row('t-1', 1, '10.00', '0'), row('t-1', 1, '10.00', '1')])
      const { code, stderr } = await replay('labels.csv', data('labels'), '--as', as)
      assert.deepEqual(
        [code, /line 3 has the id of line 2 \("t-1"\), and differs in fraud\n/.test(stderr)],
        [1, true],
        stderr,
      )
      const skipped = await replay('labels.csv', data('labels'), '--as', as, '--on-conflict', 'skip')
      assert.equal(JSON.parse(skipped.stdout).conflicts, 1)
      assert.deepEqual(held(data('labels')), [['t-1', 10, undefined]])
    })

    test('refuses what differs from a transaction that the data directory holds', async () => {
      write('first.csv', [header, row('t-1', 1, '10.00', '0')])
      write('second.csv', [header, row('t-0', 0, '9.00', '0'), row('t-1', 1, '10.50', '1')])
      assert.equal((await replay('first.csv', data('held'), '--as', as)).code, 0)
      const { code, stderr } = await replay('second.csv', data('held'), '--as', as)
      assert.equal(code, 1)
      assert.match(stderr, /line 3 has the id of record 2 of the log \("t-1"\), and differs in amount\n/)
      assert.deepEqual(held(data('held')), [['t-1', 10, undefined]])
      await replay('second.csv', data('held'), '--as', as, '--on-conflict', 'skip')
      assert.deepEqual(held(data('held')), [
        ['t-1', 10, undefined],
        ['t-0', 9, undefined],
      ])
    })
  })
}

test('a replay as decisions refuses what was brought in as history', async () => {
  write('first.csv', [header, row('t-1', 1, '10.00', '0')])
  assert.equal((await replay('first.csv', 'mixed', '--as', 'history')).code, 0)
  const { code, stderr } = await replay('first.csv', 'mixed', '--as', 'decisions')
  assert.deepEqual([code, /brought in as history, without a decision/.test(stderr)], [1, true], stderr)
})

describe('a file with repeated ids', () => {
  const repeats = [...ordinary, ordinary[3], row('t-7', 60, '5.00', '0')]
  const sameWords = /1 row has the tx and the content of an earlier row: they/
  const otherWords =
    /1 row has the tx of an earlier row, but different content[\s\S]*line 63 has the tx of line 9 \("t-7"\)/

  for (const name of ['histories', 'flat']) {
    test(`is told by train and evaluate, and the same row counts once (${name})`, async () => {
      write('repeats.csv', [header, ...repeats])
      write('once.csv', [header, ...repeats.toSpliced(60, 1)])
      const rows: number[] = []
      for (const file of ['repeats.csv', 'once.csv']) {
        const flags = [
          '--preset',
          'recipe',
          '--n-estimators',
          '3',
          '--no-leak-check',
          '--out',
          'r.safetensors',
          '--json',
        ]
        const { stdout, stderr } = await succeed('train', '--no-report', file, '--detector', `${name}.yaml`, ...flags)
        assert.deepEqual(
          [sameWords.test(stderr), /but different content/.test(stderr)],
          [file === 'repeats.csv', true],
          stderr,
        )
        rows.push(JSON.parse(stdout).averagePrecision)
      }
      assert.equal(rows[0], rows[1])
      const { stderr } = await run('evaluate', `${name}.safetensors`, 'repeats.csv')
      assert.match(stderr, sameWords)
      assert.match(stderr, otherWords)
    })

    test(`is scored row by row, the same row alike (${name})`, async () => {
      write('repeats.csv', [header, ...repeats])
      const { stdout, stderr } = await succeed('score', `${name}.safetensors`, 'repeats.csv')
      const lines = stdout.trimEnd().split('\n').slice(1)
      assert.equal(lines.length, repeats.length)
      assert.equal(lines[60], lines[3])
      assert.match(stderr, sameWords)
      assert.match(stderr, otherWords)
    })

    test(`is explained at the first row of the id, and says so (${name})`, async () => {
      write('repeats.csv', [header, ...repeats])
      const { stderr } = await succeed('explain', `${name}.safetensors`, 'repeats.csv', '--id', 't-7')
      assert.match(stderr, /2 rows have this id; row 7 is explained\. For another one use --row \(61\)/)
      const repeated = await succeed('explain', `${name}.safetensors`, 'repeats.csv', '--row', '60')
      const first = await succeed('explain', `${name}.safetensors`, 'repeats.csv', '--row', '3')
      assert.equal(repeated.stdout.replace('row 60', 'row 3'), first.stdout)
    })
  }

  test('gives features once for the same row, as its log does', async () => {
    write('repeats.csv', [header, ...repeats])
    const { stdout, stderr } = await succeed('features', 'repeats.csv', '--detector', 'histories.yaml')
    assert.equal(stdout.trimEnd().split('\n').length, 1 + 61)
    assert.match(stderr, sameWords)
    write('same.csv', [header, ...ordinary, ordinary[3]])
    assert.equal((await replay('same.csv', 'same', '--as', 'history')).code, 0)
    const fromFile = (await succeed('features', 'same.csv', '--detector', 'histories.yaml')).stdout
    assert.equal((await succeed('features', '--from-log', '--data', 'same')).stdout, fromFile)
  })

  test('takes ids that are equal as numbers for what they are', async () => {
    const same = (id: string) => row(id, 1, '10.00', '0').replace(/^t-/, '')
    write('zeros.csv', [header, same('007'), same('7'), same('7'), same('12')])
    const { stdout, stderr } = await succeed('score', 'flat.safetensors', 'zeros.csv')
    assert.match(stderr, sameWords)
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[0]),
      ['007', '7', '7', '12'],
    )
  })

  test('shows no personal value and no card number', async () => {
    const byPerson = declared('[amount]').replace('id: tx', 'id: person')
    write('person.yaml', [byPerson])
    write('person.csv', [
      header,
      row('t-1', 1, '1.00', '0', { person: 'Ada' }),
      row('t-2', 2, '2.00', '1', { person: 'Ada' }),
    ])
    const { stderr } = await run('features', 'person.csv', '--detector', 'person.yaml')
    assert.match(stderr, /line 3 has the person of line 2, and differs in/)
    assert.doesNotMatch(stderr, /Ada/)
    const number = '4111111111111111'
    write('number.csv', [header, row(number, 1, '1.00', '0'), row(number, 2, '2.00', '1')])
    const told = await run('features', 'number.csv', '--detector', 'flat.yaml')
    assert.doesNotMatch(told.stderr, /4111/)
  })
})
