import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { noteHolder } from './lock-holder.ts'

test('a note that can not be put in its place leaves nothing beside it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-holder-'))
  t.after(() => rmSync(folder, { recursive: true }))
  // Nothing can take the name of a directory.
  const path = join(folder, 'holder.json')
  mkdirSync(path)
  noteHolder(path)
  assert.deepEqual(readdirSync(folder), ['holder.json'])
})
