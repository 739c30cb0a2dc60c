import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedAfterEach, openTestDecisions } from '../../test/service/decisions-fixture.ts'
import { formatNdjson } from '../data/write-ndjson.ts'
import { changeTables } from './changes-export.ts'

const open = closedAfterEach()

test('changes are written in order, each with who, when, why and what', async () => {
  const { log, service, clock, ...live } = await openTestDecisions()
  open.push({ log, service, clock, ...live })
  await service.resume()
  const written = async () => {
    const counted = { rows: 0 }
    const chunks: string[] = []
    for await (const chunk of formatNdjson(changeTables(log.reading, counted))) chunks.push(String(chunk))
    return { rows: counted.rows, lines: chunks.join('').trim().split('\n').filter(Boolean) }
  }
  assert.deepEqual(await written(), { rows: 0, lines: [] })
  const rule = { kind: 'rule', rule: { id: 'small', when: 'amount < 1.0', then: 'review', note: 'a, "b"\n' } }
  const first = await service.change(rule, { by: 'user:ann', why: 'a, "b"' })
  clock.nowMs += 1000
  const state = { kind: 'rule-state', id: 'small', state: 'live' }
  const second = await service.change(state, { by: 'key:desk', why: '' })
  const { rows, lines } = await written()
  assert.equal(rows, 2)
  const told = lines.map((line) => JSON.parse(line))
  assert.deepEqual(
    told.map(({ change, ...others }) => others),
    [
      { sequence: first.sequence, kind: 'rule', at: toIso(clock.nowMs - 1000), by: 'user:ann', why: 'a, "b"' },
      { sequence: second.sequence, kind: 'rule', at: toIso(clock.nowMs), by: 'key:desk', why: '' },
    ],
  )
  const [added, switched] = told.map(({ change }) => JSON.parse(change))
  assert.deepEqual(added, { ...rule, rule: { state: 'shadow', ...rule.rule } }, 'without what draws are made under')
  assert.deepEqual(switched, state)
})

function toIso(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
