import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelOf } from '../data/label-column.ts'
import { readFraudWord } from './fraud-words.ts'

test('words say the same of a request and of a file, and T and F, which could mean two things, nothing', () => {
  for (const word of ['1', 'TRUE', 'yes', ' Y ', 'fraud'])
    assert.deepEqual([readFraudWord(word), labelOf(word)], [true, 1])
  for (const word of ['0', 'False', 'no', 'n', 'legit'])
    assert.deepEqual([readFraudWord(word), labelOf(word)], [false, 0])
  for (const word of ['Ja', 'oui', 'Sí', 'sì', 'Betrug', 'FRAUDE', 'fraudulenta', 'frode'])
    assert.deepEqual([readFraudWord(word), labelOf(word)], [true, 1])
  for (const word of ['Nein', 'non', 'Não', 'ok', 'kein Betrug', 'pas de fraude', 'legítima', 'Légitime'])
    assert.deepEqual([readFraudWord(word), labelOf(word)], [false, 0])
  for (const number of ['-1', '-0', '1_', '0 0']) assert.equal(readFraudWord(number), undefined, number)
  for (const word of ['T', 'F', 'maybe']) assert.deepEqual([readFraudWord(word), labelOf(word)], [undefined, null])
})
