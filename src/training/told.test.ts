import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quietRun } from '../../test/quiet-run.ts'
import type { Progress } from '../core/progress.ts'
import type { BadRows } from '../data/bad-rows.ts'
import { tellNotes, warnOfBadRows } from './read-input.ts'

const badRows = (kinds: Readonly<Record<string, number>>, ...lines: readonly number[]): BadRows => ({
  count: Object.values(kinds).reduce((sum, count) => sum + count, 0),
  first: lines.map((line) => ({ line, reason: `reason ${line}` })),
  kinds: new Map(Object.entries(kinds)),
})

function command() {
  const said: string[] = []
  const hear = (text: string) => void said.push(text)
  // By its signal a command is known.
  const { signal } = new AbortController()
  const run: Progress = { ...quietRun, note: hear, warn: hear, nowMs: Date.now, signal }
  return { run, said }
}

test('a bad row is told of once in a command, however often its file is read', () => {
  const { run, said } = command()
  warnOfBadRows(badRows({ 'column "a": is not a number; say --text a': 2 }, 3, 7), 'x.csv', run)
  // Another reading gives other advice, or is wrapped.
  warnOfBadRows(badRows({ 'column "a": is not a number': 2 }, 3, 7), 'x.csv', { ...run })
  assert.equal(said.length, 1)
  assert.match(said[0], /^2 bad rows were skipped:\n {2}2 × column "a": is not a number/)
  warnOfBadRows(badRows({ 'column "a": is not a number': 3, 'column "b": has no time': 1 }, 3, 7, 9, 11), 'x.csv', run)
  assert.match(
    said[1],
    /^2 bad rows were skipped:\n {2}1 × column "a".*\n {2}1 × column "b".*\n.*\n {2}line 9: .*\n {2}line 11: \S+ 11$/,
  )
  // Another file, another command.
  warnOfBadRows(badRows({ 'column "a": is not a number': 2 }, 3, 7), 'y.csv', run)
  const other = command()
  warnOfBadRows(badRows({ 'column "a": is not a number': 1 }, 3), 'x.csv', other.run)
  assert.deepEqual([said.length, other.said.length], [3, 1])
  assert.match(other.said[0], /^1 bad row was skipped/)
})

test('how a file is written is told once', () => {
  const { run, said } = command()
  for (const file of ['x.csv', 'x.csv', 'y.csv']) tellNotes(['decimals after a comma'], file, run)
  tellNotes([], 'z.csv', run)
  assert.deepEqual(said, Array(2).fill('  read with decimals after a comma'))
})
