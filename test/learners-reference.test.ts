import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { defaultsOf } from '../src/learners/learn.ts'
import { learners } from '../src/learners/model-choice.ts'

test('every learner is explained in the reference with its options and their defaults, and no other', () => {
  const reference = readFileSync('docs/reference/learners.md', 'utf8').split('\n## ')[0] ?? ''
  const rows = new Map([...reference.matchAll(/^\| `([a-z-]+)` \|.*$/gm)].map((row) => [row[1] ?? '', row[0]]))
  assert.deepEqual([...rows.keys()].sort(), [...learners].sort())
  for (const learner of learners) {
    const told = [...(rows.get(learner) ?? '').matchAll(/`(\w+)` (\[.*?\]|[^,|]+?)(?=,| \|)/g)]
    const { seed: _, ...defaults } = defaultsOf(learner)
    assert.deepEqual(
      Object.fromEntries(told.map(([, name, value]) => [name, value])),
      Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, inWords(value)])),
      learner,
    )
  }
})

function inWords(value: unknown): string {
  if (value === null) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', ')
}
