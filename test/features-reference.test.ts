import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { kindNames } from '../src/features/declare-features.ts'

test('every kind of feature is explained in the reference, and no other', () => {
  const reference = readFileSync('docs/reference/features.md', 'utf8')
  const explained = [...reference.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1])
  assert.deepEqual(explained.sort(), [...kindNames].sort())
})
