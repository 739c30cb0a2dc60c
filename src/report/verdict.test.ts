import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleReport } from '../../test/report-sample.ts'
import type { Confusion } from '../evaluation/evaluation.ts'
import { countsBehind, noticesOf, verdictOf } from './verdict.ts'

const sample = sampleReport({ rows: 4000 })

function verdict(confusion: Confusion): string {
  return verdictOf({ ...sample.evaluation, threshold: 0.42, confusion })
}

test('says what is caught and what it costs in false alarms', () => {
  const said = verdict({ tn: 56000, fp: 8, fn: 13, tp: 47 })
  assert.equal(said, 'Catches 78 of 100 frauds with 15 false alarms per 100 alerts at threshold 0.42.')
})

test('does not call nearly all frauds all of them', () => {
  assert.match(verdict({ tn: 9, fp: 0, fn: 1, tp: 9999 }), /Catches more than 99\.9 of 100 frauds with no false alarm/)
  assert.match(verdict({ tn: 9, fp: 1, fn: 0, tp: 3 }), /Catches all frauds with 25 false alarms/)
})

test('stays sensible without frauds, without alerts and without luck', () => {
  assert.match(verdict({ tn: 9, fp: 1, fn: 0, tp: 0 }), /no fraud among the test rows/)
  assert.match(verdict({ tn: 9, fp: 0, fn: 1, tp: 0 }), /Raises no alert at threshold 0\.42/)
  assert.match(verdict({ tn: 9, fp: 3, fn: 1, tp: 0 }), /every alert is a false alarm/)
})

test('says that counts are weighted where they are', () => {
  assert.doesNotMatch(countsBehind(sample), /weighted/)
  const weighted = { ...sample, split: { ...sample.split, weights: { column: 'w', use: 'evaluation' as const } } }
  assert.match(countsBehind(weighted), /weighted by w to stand for 4,000 transactions/)
})

test('puts what spoils the figures first, and few frauds and a refit as notes', () => {
  const notices = noticesOf({ ...sample, includesTrainingRows: true, refit: true, warnings: ['Twins.'] })
  assert.deepEqual(
    notices.map(({ level, text }) => [level, text.split(' ').slice(0, 4).join(' ')]),
    [
      ['warning', 'The test rows include'],
      ['warning', 'Twins.'],
      ['note', 'There are only 2'],
      ['note', 'After this evaluation the'],
    ],
  )
  const many = { ...sample.evaluation, frauds: 100 }
  assert.deepEqual(noticesOf({ ...sample, evaluation: many, warnings: [] }), [])
})
