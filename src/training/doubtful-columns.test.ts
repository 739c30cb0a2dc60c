import assert from 'node:assert/strict'
import { test } from 'node:test'
import { warnOfColumns } from './doubtful-columns.ts'

const rows = Array.from({ length: 400 }, (_, row) => row)
const parts = { fit: Uint32Array.from(rows.slice(0, 300)), test: Uint32Array.from(rows.slice(300)) }
const column = (cell: (row: number) => number) => Float64Array.from(rows, cell)

function warn(columns: Readonly<Record<string, Float64Array>>) {
  return warnOfColumns({ features: Object.keys(columns), columns: Object.values(columns) }, parts)
}

test('inputs that are constant, that end and that begin are named', () => {
  assert.deepEqual(warn({ a: column((row) => row), rare: column((row) => Number(row === 17)) }), [])
  const told = warn({
    fine: column((row) => row % 2),
    same: column((row) => (row < 300 ? 7 : row)),
    empty: column(() => Number.NaN),
    gone: column((row) => (row < 300 ? row : Number.NaN)),
    come: column((row) => (row < 300 ? Number.NaN : row)),
    holes: column((row) => (row % 3 === 0 ? Number.NaN : row)),
  })
  assert.deepEqual(
    told.map((text) => text.replace(/^Inputs that are (missing in the test|missing in the rows|the same).*: /, '$1: ')),
    ['the same: same, empty', 'missing in the test: gone', 'missing in the rows: come'],
  )
})

test('of many only the first are named', () => {
  const many = Object.fromEntries(rows.slice(0, 50).map((i) => [`c${i}`, column(() => 1)]))
  assert.match(warn(many)[0], /: c0, c1, c2, c3, c4, c5, c6, c7 and 42 more$/)
})
