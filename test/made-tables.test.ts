import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MadeTable } from './tables/made-table.ts'
import { badKinds, cleanLines, messyLines } from './tables/messy.ts'
import { shapes } from './tables/write.ts'

const rows = 6000
/** By shape: its number of columns, the key whose history tells, the label, and a day in units of the time column. */
const known = [
  { shape: 'paysim', columns: 11, key: 'nameDest', label: 'isFraud', time: 'step', day: 24 },
  { shape: 'sparkov', columns: 23, key: 'cc_num', label: 'is_fraud', time: 'unix_time', day: 86_400 },
  { shape: 'ieee-cis', columns: 394, key: 'card1', label: 'isFraud', time: 'TransactionDT', day: 86_400 },
  { shape: 'banksim', columns: 10, key: 'customer', label: 'fraud', time: 'step', day: 1 },
]

for (const { shape, columns, key, label, time, day } of known) {
  test(`${shape}: as many rows and columns as asked for, the same for a seed`, () => {
    const lines = [...cleanLines(shapes[shape]({ rows, seed: 5 }))]
    assert.equal(lines.length, 1 + rows)
    assert.equal(lines[0].split(',').length, columns)
    assert.deepEqual(lines, [...cleanLines(shapes[shape]({ rows, seed: 5 }))])
    assert.notDeepEqual(lines, [...cleanLines(shapes[shape]({ rows, seed: 6 }))])
  })

  test(`${shape}: a fraud's key was busy within a day, others' were not`, () => {
    const table = shapes[shape]({ rows, seed: 5 })
    const meanBefore = countsWithinADay(table, { key, label, time, day })
    assert.ok(meanBefore.fraud > 2 * meanBefore.legitimate, JSON.stringify(meanBefore))
  })

  test(`${shape}: one row in a hundred of the messy form is bad, each kind as often`, () => {
    const bad: string[] = []
    const lines = [...messyLines(shapes[shape]({ rows, seed: 5 }), 5, (kind) => bad.push(kind))]
    assert.equal(lines.length, 1 + rows)
    assert.deepEqual(
      bad,
      Array.from({ length: rows / 100 / badKinds.length }).flatMap(() => badKinds),
    )
  })
}

function countsWithinADay(
  table: MadeTable,
  {
    key,
    label,
    time,
    day,
  }: { readonly key: string; readonly label: string; readonly time: string; readonly day: number },
) {
  const [keyAt, labelAt, timeAt] = [key, label, time].map((name) => table.columns.findIndex((own) => own.name === name))
  const past = new Map<string, number[]>()
  const sums = { fraud: 0, legitimate: 0 }
  const counts = { fraud: 0, legitimate: 0 }
  for (let row = 0; row < table.rowCount; row++) {
    const cells = table.cells(row)
    const now = Number(cells[timeAt])
    const recent = (past.get(cells[keyAt]) ?? []).filter((then) => then >= now - day)
    const group = cells[labelAt] === '1' ? 'fraud' : 'legitimate'
    counts[group]++
    sums[group] += recent.length
    past.set(cells[keyAt], [...recent, now])
  }
  return { fraud: sums.fraud / counts.fraud, legitimate: sums.legitimate / counts.legitimate }
}
