import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from 'commander'
import { optionInvalid, optionNames } from '../core/option.ts'
import { withFlags } from './flag-names.ts'
import { createProgram } from './main.ts'

test('a message names an option as requests do, and the command line shows its flag', () => {
  const { message, errors } = optionInvalid('testFrom', 'needs a split by time, and this one is random')
  assert.equal(message, 'option `testFrom` needs a split by time, and this one is random')
  assert.deepEqual(errors, [{ field: 'testFrom', reason: 'needs a split by time, and this one is random' }])
  assert.equal(withFlags(message), '--test-from needs a split by time, and this one is random')
})

test('what only looks like an option stays as it is', () => {
  const text = 'the column "option" says `time`, or option `payee`, or option time'
  assert.equal(withFlags(text), text)
})

test('every option that messages name is one of a command', async () => {
  const optionsOf = (command: Command): readonly string[] => [
    ...command.options.map((option) => option.attributeName()),
    ...command.commands.flatMap(optionsOf),
  ]
  const known = new Set(optionsOf(await createProgram()))
  assert.deepEqual(
    optionNames.filter((name) => !known.has(name)),
    [],
  )
})
