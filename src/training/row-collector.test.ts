import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDetectorFile } from '../detector/detector.ts'
import { RowCollector } from './row-collector.ts'

const text = `
detector: small
transaction:
  id: id
  time: { field: at, format: iso }
  amount: { field: amount, digits: 2 }
  label: { field: fraud }
features: [amount]
`

test('collects every row in its order, those that are added after columns were made, too', () => {
  const { detector } = parseDetectorFile(text, 'small.yaml')
  for (const rows of [0, 1, 1023, 1024, 1025, 2048, 200_000]) {
    const collector = new RowCollector(2)
    const add = (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const known = {
          timestampMs: i + 2,
          label: i % 2,
          knownAtMs: i + 3,
          card: i + 4,
          amount: 100 * i,
          weight: i + 5,
        }
        collector.add({ row: Float64Array.of(i, i + 1), ...known })
      }
    }
    const check = (count: number) => {
      const made = collector.finish(detector, ['a', 'b'])
      const expect = (value: (i: number) => number) => Float64Array.from({ length: count }, (_, i) => value(i))
      assert.deepEqual(made.rows.columns, [expect((i) => i), expect((i) => i + 1)])
      assert.deepEqual([made.rows.times, made.knownAt], [expect((i) => i + 2), expect((i) => i + 3)])
      assert.deepEqual(
        [made.rows.labels, made.cards],
        [Uint8Array.from(expect((i) => i % 2)), Int32Array.from(expect((i) => i + 4))],
      )
      assert.deepEqual([made.rows.amounts, made.weights], [expect((i) => i), expect((i) => i + 5)])
    }
    add(0, rows)
    check(rows)
    add(rows, rows + 3000)
    check(rows + 3000)
  }
})
