import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HomeFold, idsKeptMs } from './home-fold.ts'

const dayMs = 86_400_000

test('a chargeback finds its transaction four months later', () => {
  const fold = new HomeFold(idsKeptMs)
  const asker = { front: 'f', question: 1, id: 'one' }
  const sent = { definition: 0, timestampMs: 0, receivedAtMs: 0, fields: [] }
  fold.apply(0, { kind: 'intake', control: 0, ...asker, ...sent }, 0)
  fold.apply(1, { kind: 'decision', ...asker, positions: [], control: 0, record: new Uint8Array(1) }, 0)
  const receivedAtMs = 120 * dayMs
  const said = { isFraud: true, knownAtMs: receivedAtMs, source: 'chargeback', receivedAtMs, by: 'bank' }
  const reply = fold.apply(2, { kind: 'label', ...asker, ...said }, receivedAtMs)
  assert.deepEqual(reply?.answer, { kind: 'label', isPending: false })
  assert.deepEqual(
    fold.due.map(({ label }) => label.id),
    ['one'],
  )
})
