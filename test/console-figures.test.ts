import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allPages } from '../console/src/api/all-pages.ts'
import { tellOthers } from '../console/src/evidence/tell-others.ts'
import { aloneOf, firedOf } from '../console/src/pages/rules/rule-counts.ts'
import { matureDays, spanInDays } from '../console/src/policy/span-in-days.ts'

test('the console divides by the days that a backtest took, and not by the dates that it touched', () => {
  assert.equal(spanInDays({ from: '2026-03-01T14:00:00Z', to: '2026-03-08T14:00:00Z' }), 7)
  assert.equal(spanInDays({ from: '2026-03-01T23:00:00Z', to: '2026-03-02T01:00:00Z' }), 1)
  assert.equal(spanInDays({ from: null, to: null }), 1)
})

test('the console divides costs by the days whose labels may be known, since others cost nothing yet', () => {
  const span = { from: '2026-03-01T14:00:00Z', to: '2026-03-31T14:00:00Z' }
  assert.equal(matureDays(span, '2026-03-11T14:00:00Z'), 10)
  assert.equal(matureDays(span, '2026-04-30T14:00:00Z'), 30)
  assert.equal(matureDays(span, null), 30)
  assert.equal(matureDays(span, '2026-02-28T14:00:00Z'), undefined)
})

test('the console counts what a rule in shadow would change among what is its alone, as among what fired', () => {
  const counts = { fired: 3, alone: 1, shadow: 674, wouldChange: 670 }
  assert.deepEqual([firedOf(counts), aloneOf(counts)], [677, 671])
})

test('the console says where a payment is held beside the newest of its key alone', () => {
  assert.equal(tellOthers(1, null), '1 other')
  assert.equal(tellOthers(1999, null), '1,999 others')
  assert.equal(tellOthers(2000, 2000), 'the newest 2,000 alone')
})

test('the console goes through all pages of models, of which the newest are last', async () => {
  const asked: (number | undefined)[] = []
  const pages = await allPages(async (cursor) => {
    asked.push(cursor)
    const from = cursor ?? 0
    return { models: [from, from + 1], cursor: from < 4 ? from + 2 : null }
  })
  assert.deepEqual(asked, [undefined, 2, 4])
  assert.deepEqual(
    pages.flatMap(({ models }) => models),
    [0, 1, 2, 3, 4, 5],
  )
})
