import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StateReader, StateWriter } from '../core/state-bytes.ts'
import { atOnce } from '../core/time-slices.ts'
import type { Case } from './case.ts'
import { CasesProjection } from './cases-projection.ts'
import { loadCase, saveCase } from './saved-case.ts'

const transaction = { sequence: 7, id: 't-7', timestampMs: 1_600_000_000_123, score: 0.1 + 0.2, amountMinor: 1999 }
const noLabels: Case['transactions'][number]['labels'] = []
const untold = { ...transaction, currency: '', stake: 599.7, verdict: undefined, labels: noLabels }

const one: Case = {
  ...{ id: 'c-7', sequence: 7, openedAtMs: 1_600_000_001_000, origin: 'review' },
  ...{ keys: ['card=é1', 'device=2'], owns: ['card=é1'], persons: ['tok_1'] },
  transactions: [
    untold,
    { ...untold, sequence: 9, id: 't-9', score: null, amountMinor: null, timestampMs: -1.5 },
    { ...untold, sequence: 12, id: 't-12', verdict: { sequence: 30, says: 'unsure', by: 'ann' } },
    {
      ...{ ...untold, sequence: 13, id: 't-13', verdict: { sequence: 31, says: 'fraud', by: 'ann' } },
      labels: [{ sequence: 32, isFraud: true, knownAtMs: 1_600_000_002_000, source: null }],
    },
  ],
  ...{ expectedLoss: 1199.4, open: 2, closed: undefined, claim: undefined, assignee: undefined },
  ...{ snoozedUntilMs: undefined, escalation: undefined, dueAtMs: undefined, expireAfterMs: 1000 },
  ...{ touched: { sequence: 32, atMs: 1_600_000_003_000 }, links: ['c-3'], history: [] },
}

test('a case that was saved is the same case', () => {
  const writer = new StateWriter()
  saveCase(one, writer)
  saveCase({ ...one, transactions: [] }, writer)
  const euros = { ...untold, currency: 'EUR' }
  saveCase({ ...one, transactions: [untold, euros] }, writer)
  const reader = new StateReader(writer.take(true))
  const known = JSON.parse(JSON.stringify(one))
  for (const each of known.transactions) each.verdict ??= undefined
  assert.deepEqual(loadCase(reader), known)
  assert.deepEqual(loadCase(reader), { ...known, transactions: [] })
  assert.deepEqual(loadCase(reader).transactions, [untold, euros])
  reader.end()
})

test('cases of a snapshot of the first version are what they are in one of the second', () => {
  const first = new StateWriter()
  first.text(JSON.stringify({ cases: 1, lastScore: 0.25 }))
  first.text(JSON.stringify(one, (name, value) => (name === 'currency' ? undefined : value)))
  const cases = casesOf(first.take(true), 1)
  assert.equal(cases.ofTransaction(12)?.id, 'c-7')
  assert.equal(cases.ofTransaction(14), undefined)
  const saved = Buffer.concat([...cases.save()])
  assert.deepEqual(Buffer.concat([...casesOf([saved], 2).save()]), saved)
  assert.deepEqual(casesOf([saved], 2).get('c-7')?.transactions, one.transactions)
})

function casesOf(chunks: Iterable<Uint8Array>, version: number): CasesProjection {
  const cases = new CasesProjection({
    definitionOf: () => assert.fail('nothing is decided here'),
    secret: () => new Uint8Array(),
    released: () => [],
  })
  atOnce(cases.load(chunks, version))
  return cases
}
