import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { withReadmeTable } from '../bench/harness/readme-table.ts'

const readme = readFileSync('README.md', 'utf8')
const results = readFileSync('bench/RESULTS.md', 'utf8')

test("the README's table says what RESULTS.md says", () => {
  assert.equal(withReadmeTable(readme, results), readme, 'README.md differs: npm run bench:readme brings it up to date')
})

test('a figure that changes in RESULTS.md changes in the table', () => {
  const changed = results.replace(/^(\| Shrike, 8 connections \| )[\d,]+/m, '$112,345')
  assert.notEqual(changed, results)
  assert.match(withReadmeTable(readme, changed), /\| 12,345 \/s \|/)
})

test('a figure that RESULTS.md lacks is an error that names it', () => {
  const without = results.replace('## Replaying transactions into features', '## Something else')
  assert.throws(() => withReadmeTable(readme, without), /no section "Replaying transactions into features"/)
})
