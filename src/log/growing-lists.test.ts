import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { degradations } from '../decisioning/decision.ts'
import { opinionSources, strengths } from '../decisioning/opinion.ts'
import { hitStates } from '../decisioning/policy-trace.ts'
import { outcomes } from '../detector/detector-schema.ts'
import { recordKinds } from './log-record.ts'
import { sectionNames } from './record-sections.ts'

/** As they were when logs with these numbers were first written. A name that is added to a list is added here, too. */
const written = {
  outcomes: [outcomes, ['approve', 'challenge', 'review', 'decline']],
  recordKinds: [
    recordKinds,
    [
      'decision',
      'history',
      'label',
      'definition',
      'erasure',
      'checkpoint',
      'rule',
      'list',
      'policy',
      'deployment',
      'scores',
      'case',
      'label-withdrawn',
      'alert',
    ],
  ],
  sectionNames: [
    sectionNames,
    ['contributions', 'rules', 'scores', 'propensity', 'by', 'policy', 'opinion', 'lists', 'fuses', 'model'],
  ],
  hitStates: [hitStates, ['live', 'shadow', 'fused', 'snoozed', 'undrawn']],
  strengths: [strengths, ['plain', 'override', 'final']],
  opinionSources: [opinionSources, ['threshold', 'cost', 'rule', 'list', 'unavailable']],
  degradations: [
    degradations,
    [
      'history-capped',
      'history-short',
      'deadline-passed',
      'features-failed',
      'model-failed',
      'history-dropped',
      'key-missing',
      'category-unknown',
      'histories-lost',
      'fused',
      'history-unavailable',
      'unanswered',
    ],
  ],
} as const

describe('a list whose positions logs hold', () => {
  for (const [name, [list, before]] of Object.entries(written)) {
    test(`grows at its end only: ${name}`, () => {
      assert.deepEqual(list, before, 'logs hold positions: add at the end, and never move or take out')
    })
  }

  test('of bits has room in the number that holds them', () => {
    assert.ok(degradations.length <= 53)
  })
})
