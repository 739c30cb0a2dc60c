import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Dimension } from '../src/learners/dimensions.ts'
import { defaultsOf, usualSpaceOf } from '../src/learners/learn.ts'
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

test('commands are told of every learner, and of what is searched of it', () => {
  const reference = readFileSync('docs/reference/cli.md', 'utf8')
  const [, named = ''] = /^\| `--learner NAME` \| (.*?): see \[learners\]/m.exec(reference) ?? []
  assert.deepEqual([...named.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name).sort(), [...learners].sort())
  const table = reference.split('\n| learner | usual space |\n')[1]?.split('\n\n')[0] ?? ''
  const told = [...table.matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)].map(([, name, space]) => [name, space])
  const spaces = learners.map((learner) => [learner, usualSpaceOf(learner).map(spaceInWords).join('; ')])
  assert.deepEqual(Object.fromEntries(told), Object.fromEntries(spaces))
})

function spaceInWords(dimension: Dimension): string {
  const name = `\`${dimension.name}\``
  if (dimension.kind === 'choice') return `${name} ${dimension.values.map(inWords).join(', ')}`
  const { from, to, scale } = dimension
  return `${name} ${showNumber(from)} to ${showNumber(to)}${scale === 'log' ? ', log' : ''}`
}

/** Without an exponent. */
function showNumber(value: number): string {
  return value.toLocaleString('en', { useGrouping: false, maximumFractionDigits: 20 })
}

function inWords(value: unknown): string {
  if (value === null) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', ')
}
