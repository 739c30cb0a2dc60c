import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { textReader } from '../data/columns.ts'
import { inMemory, parseDetector } from '../detector/detector.ts'
import { compileDetector, type FeatureSet } from '../features/feature-set.ts'
import type { ReplayedTransaction } from './file-replay.ts'
import { replayFile } from './replay-file.ts'

const detector = parseDetector({
  detector: 'cards',
  transaction: {
    id: 'id',
    time: { field: 'time', format: 'iso' },
    amount: { field: 'amount' },
    keys: { card: 'card' },
    label: { field: 'fraud' },
  },
  features: ['amount', { count: { by: 'card', over: '1h' } }],
})

function refuse(): never {
  throw new Error('a feature was computed')
}

/** Features none of which can be computed. */
function broken(features: FeatureSet): FeatureSet {
  return { ...features, own: features.own.map((feature) => ({ ...feature, compute: refuse })) }
}

test('where no rows are wanted, no feature is computed and none is spoken of', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-replay-file-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'cards.csv')
  const rows = [0, 1, 2].map((i) => `t${i},2026-01-01T00:0${i}:00Z,${i + 1}.00,c,${i % 2}`)
  writeFileSync(file, `id,time,amount,card,fraud\n${rows.join('\n')}\n`)
  const ends: (string | undefined)[] = []
  const begin = () => ({ update: () => {}, end: (outcome?: string) => void ends.push(outcome) })
  const { signal } = new AbortController()
  const run = { begin, note: () => {}, warn: assert.fail, nowMs: () => 0, signal }
  const features = compileDetector(detector)
  const located = { detector, locate: inMemory }
  const replay = (features: FeatureSet, makesRows: boolean, isSpeculative: boolean) =>
    replayFile(
      { located, features, file, makesRows },
      {},
      run,
      async (groups) => {
        const seen: object[] = []
        for await (const group of groups)
          for (const { row, transaction, label } of group)
            seen.push({ row: [...row], atMs: transaction.timestampMs, label })
        return seen
      },
      { isSpeculative },
    )
  for (const isSpeculative of [true, false]) {
    const { result: all } = await replay(features, true, isSpeculative)
    assert.deepEqual(
      all.map((each) => ('row' in each ? each.row : undefined)),
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
    )
    assert.match(ends.at(-1) ?? '', /^3 transactions, 2 features$/)
    await assert.rejects(replay(broken(features), true, isSpeculative), /a feature was computed/)
    const { result: known } = await replay(broken(features), false, isSpeculative)
    assert.deepEqual(
      known,
      all.map((each) => ({ ...each, row: [] })),
    )
    assert.match(ends.at(-1) ?? '', /^3 transactions$/)
  }
})

test('in a file of several tables each row comes with the cells of its own', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-replay-file-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'cards.csv')
  const startMs = Date.parse('2026-01-01T00:00:00Z')
  const count = 300_000
  const cardOf = (i: number) => `c${(i * i) % 977}`
  const rows = Array.from(
    { length: count },
    (_, i) => `t${i},${new Date(startMs + i * 1000).toISOString()},${i}.00,${cardOf(i)},0`,
  )
  writeFileSync(file, `id,time,amount,card,fraud\n${rows.join('\n')}\n`)
  const begin = () => ({ update: () => {}, end: () => {} })
  const run = { begin, note: () => {}, warn: assert.fail, nowMs: () => 0, signal: new AbortController().signal }
  const features = compileDetector(detector)
  const replay = { located: { detector, locate: inMemory }, features, file }
  const { result } = await replayFile(replay, {}, run, async (groups) => {
    let seen = 0
    for await (const group of groups) {
      let open: ReplayedTransaction['table'] | undefined
      let cardIn = (_: number): string | undefined => undefined
      for (const { table, index, fileRow, row } of group) {
        if (table !== open) cardIn = textReader(table, 'card')
        open = table
        if (cardIn(index) !== cardOf(seen) || fileRow !== seen || row[0] !== seen)
          assert.fail(`Row ${seen} came with the card ${cardIn(index)} of row ${fileRow} with the amount ${row[0]}`)
        seen++
      }
    }
    return seen
  })
  assert.equal(result, count)
})

test('a column that is to be read as text has to be there, whether rows are sorted or not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-replay-file-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'cards.csv')
  const begin = () => ({ update: () => {}, end: () => {} })
  const run = { begin, note: () => {}, warn: assert.fail, nowMs: () => 0, signal: new AbortController().signal }
  const replay = (text: readonly string[]) =>
    replayFile(
      { located: { detector, locate: inMemory }, features: compileDetector(detector), file },
      { text },
      run,
      async (groups) => {
        let count = 0
        for await (const group of groups) count += [...group].length
        return count
      },
    )
  const rows = ['t0,2026-01-01T00:00:00Z,1.00,c,0', 't1,2026-01-01T00:01:00Z,2.00,c,1']
  for (const sorted of [rows, rows.toReversed()]) {
    writeFileSync(file, `id,time,amount,card,fraud\n${sorted.join('\n')}\n`)
    assert.equal((await replay(['card'])).result, 2)
    await assert.rejects(replay(['crad']), { code: 'OPTION_INVALID', message: /no column "crad". Did you mean "card"/ })
  }
})
