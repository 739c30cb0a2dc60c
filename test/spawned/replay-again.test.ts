import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { withLog } from '../durability/log-checks.ts'
import { type Purchase, purchases, succeed, temporaryFolder, trainBundle } from '../durability/service.ts'

const folder = temporaryFolder()
const [data, part, whole] = ['data', 'part.csv', 'whole.csv'].map((name) => join(folder, name))
const rows = purchases(200)
let bundle = ''

type Verdict = 0 | 1 | ''

/** A file of transactions as they were labelled, but for some. */
function writeRows(path: string, some: readonly Purchase[], verdicts: ReadonlyMap<number, Verdict>): void {
  const names = Object.keys(some[0].body)
  const lines = some.map(({ body, isFraud, timestampMs }, i) => {
    const cells = names.map((name) => body[name] ?? '')
    return [...cells, verdicts.get(i) ?? Number(isFraud), formatIsoTime(timestampMs + 86_400_000)].join(',')
  })
  writeFileSync(path, [[...names, 'is_fraud', 'label_known_at'].join(','), ...lines].join('\n'))
}

async function replay(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await succeed('replay', file, '--data', data, '--bundle', bundle, '--as', 'history', '--json'))
}

before(async () => {
  bundle = await trainBundle(folder)
})

test('a replay that is run again leaves out only what the log holds', async () => {
  const unknown = new Map<number, Verdict>([
    [10, ''],
    [11, ''],
    [12, 0],
    [13, 0],
  ])
  const known = new Map<number, Verdict>([
    [10, 0],
    [11, 1],
    [12, 1],
    [13, 0],
  ])
  writeRows(part, rows.slice(0, 100), unknown)
  writeRows(whole, rows, known)
  const frauds = (from: number, to: number) =>
    rows.slice(from, to).filter(({ isFraud }, i) => isFraud && !unknown.has(from + i)).length
  const first = await replay(part)
  assert.deepEqual([first.transactions, first.known, first.labels], [100, 0, frauds(0, 100)])
  const second = await replay(whole)
  assert.deepEqual([second.transactions, second.known, second.labels], [100, 100, frauds(100, 200) + 3])
  withLog(data, (reader) => {
    const labels = [10, 11, 12, 13].map((i) => reader.labelsOf(rows[i].id).map(({ isFraud }) => isFraud))
    assert.deepEqual(labels, [[false], [true], [true], []])
    assert.ok(rows.every(({ id }) => reader.find(id) !== undefined))
  })
  const third = await replay(whole)
  assert.deepEqual([third.transactions, third.known, third.labels, third.overruled], [0, 200, 0, 0])
  const before = await replay(part)
  assert.deepEqual([before.transactions, before.known, before.labels, before.overruled], [0, 100, 0, 1])
})
