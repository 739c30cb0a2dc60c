import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fingerprint } from './fingerprint.ts'
import type { Table } from './table.ts'

const base: Table = {
  rowCount: 3,
  columns: [
    { kind: 'number', name: 'n', values: Float64Array.of(1, Number.NaN, 3) },
    { kind: 'text', name: 's', codes: Int32Array.of(0, 1, -1), dictionary: ['a', 'b'] },
  ],
}
const [number, text] = base.columns

test('is the same for the same content, however it is held', () => {
  const { buffer } = new Float64Array(1)
  new Uint32Array(buffer).set([1, 0x7ff80000])
  const [otherNaN] = new Float64Array(buffer)
  const held: Table = {
    rowCount: 3,
    columns: [
      { kind: 'number', name: 'n', values: Float64Array.of(9, 1, otherNaN, 3).subarray(1) },
      { kind: 'text', name: 's', codes: Int32Array.of(2, 0, -1), dictionary: ['b', 'never', 'a'] },
    ],
  }
  assert.equal(fingerprint(held), fingerprint(base))
  assert.match(fingerprint(base), /^[0-9a-f]{64}$/)
})

test('changes with every value, text, name, kind and order', () => {
  const variants: Table[] = [
    base,
    { rowCount: 3, columns: [text, number] },
    { rowCount: 3, columns: [number] },
    { rowCount: 3, columns: [{ ...number, name: 'm' }, text] },
    { rowCount: 3, columns: [{ kind: 'time', name: 'n', values: Float64Array.of(1, Number.NaN, 3) }, text] },
    { rowCount: 3, columns: [{ kind: 'number', name: 'n', values: Float64Array.of(1, Number.NaN, 4) }, text] },
    { rowCount: 3, columns: [{ kind: 'number', name: 'n', values: Float64Array.of(Number.NaN, 1, 3) }, text] },
    {
      rowCount: 3,
      columns: [number, { kind: 'text', name: 's', codes: Int32Array.of(0, 1, -1), dictionary: ['a', 'c'] }],
    },
    {
      rowCount: 3,
      columns: [number, { kind: 'text', name: 's', codes: Int32Array.of(0, -1, 1), dictionary: ['a', 'b'] }],
    },
    {
      rowCount: 3,
      columns: [number, { kind: 'text', name: 's', codes: Int32Array.of(0, 0, -1), dictionary: ['a', 'b'] }],
    },
  ]
  assert.equal(new Set(variants.map(fingerprint)).size, variants.length)
})
