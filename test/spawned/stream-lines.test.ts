import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { purchases } from '../durability/service.ts'
import { startShrike } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-lines-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const args = ['stream', '--detector', 'cards', '--data', 'data', '--no-warm-up', '--in', '-', '--out', '-']

async function stream(lines: readonly string[], end = '\n') {
  const { child, ended } = startShrike(folder, args)
  child.stdin?.end(lines.join('\n') + end)
  const { code, stdout, stderr } = await ended
  assert.equal(code, 0, stderr)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

describe('a stream of lines', () => {
  test('has a line for a line, in order, and decides nothing twice', async () => {
    const bodies = purchases(300).map(({ body }) => body)
    const lines = bodies.map((body) => JSON.stringify(body))
    const conflict = JSON.stringify({ ...bodies[0], amount: 1e6 })
    // The last line may end without a newline.
    const first = await stream([...lines, '{"bad', '', conflict, `{"x":"${'y'.repeat(2 ** 20)}"}`, lines[3]], '')
    assert.equal(first.length, lines.length + 5)
    assert.deepEqual(
      first.slice(0, lines.length).map(({ transactionId }) => transactionId),
      bodies.map(({ transaction_id }) => transaction_id),
    )
    assert.deepEqual(
      first.slice(lines.length, -1).map(({ error, index, id }) => [error.code, index, id]),
      [
        ['BODY_INVALID', 300, undefined],
        ['BODY_INVALID', 301, undefined],
        ['TRANSACTION_CONFLICT', 302, bodies[0].transaction_id],
        ['BODY_TOO_LARGE', 303, undefined],
      ],
    )
    assert.deepEqual(first.at(-1), first[3])
    assert.deepEqual(await stream(lines), first.slice(0, lines.length))
    const reader = new SqliteLogReader(join(folder, 'data', 'log.sqlite'))
    const { count } = reader.database.prepare('SELECT count(*) AS count FROM records WHERE kind = 0').get() ?? {}
    assert.equal(count, lines.length)
    reader.close()
  })
})
