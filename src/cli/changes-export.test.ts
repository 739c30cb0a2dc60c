import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedAfterEach, openTestDecisions } from '../../test/service/decisions-fixture.ts'
import { formatNdjson } from '../data/write-ndjson.ts'
import { appendChange } from '../deciding/append-change.ts'
import { changeTables } from './changes-export.ts'

const open = closedAfterEach()

test('changes are written in order, each with who, when, why and what', async () => {
  const { log, service, ...live } = await openTestDecisions()
  open.push({ log, service, ...live })
  await service.resume()
  const written = async () => {
    const counted = { rows: 0 }
    const chunks: string[] = []
    for await (const chunk of formatNdjson(changeTables(log.reading, counted))) chunks.push(String(chunk))
    return { rows: counted.rows, lines: chunks.join('').trim().split('\n').filter(Boolean) }
  }
  assert.deepEqual(await written(), { rows: 0, lines: [] })
  const change = { id: 'r', when: 'amount > "1,\n"' }
  const first = await appendChange(log, { kind: 'rule', by: 'user:ann', why: 'a, "b"', atMs: 0, change })
  const second = await appendChange(log, {
    kind: 'policy',
    by: 'key:desk',
    why: '',
    atMs: 1000,
    change: { review: 0.5 },
  })
  const { rows, lines } = await written()
  assert.equal(rows, 2)
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      {
        ...{ sequence: first, kind: 'rule', at: '1970-01-01T00:00:00.000Z', by: 'user:ann', why: 'a, "b"' },
        change: JSON.stringify(change),
      },
      {
        ...{ sequence: second, kind: 'policy', at: '1970-01-01T00:00:01.000Z', by: 'key:desk', why: '' },
        change: '{"review":0.5}',
      },
    ],
  )
})
