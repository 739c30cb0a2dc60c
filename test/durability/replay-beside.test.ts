import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { assertRowsAreReplayed, assertSound, withLog } from './log-checks.ts'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from './service.ts'

const folder = temporaryFolder()
const [beside, direct, file] = ['beside', 'direct', 'rows.csv'].map((name) => join(folder, name))
const rows = purchases(4000)
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
  const names = Object.keys(rows[0].body)
  const lines = rows.map(({ body, isFraud, timestampMs }, i) =>
    // Some more frauds than there are, so that many labels come in between.
    [
      ...names.map((name) => body[name] ?? ''),
      Number(isFraud || i % 40 === 0),
      formatIsoTime(timestampMs + 3_600_000),
    ].join(','),
  )
  // A row that comes twice, and one with the id of another.
  lines.push(lines[5], lines[6].replace(/,([\d.]+),/, ',9$1,'))
  writeFileSync(file, [[...names, 'is_fraud', 'label_known_at'].join(','), ...lines].join('\n'))
})

const flags = ['--as', 'decisions', '--on-conflict', 'skip', '--json']

/** What was decided, by ids in their order, and the labels. */
function contents(data: string) {
  return withLog(data, (reader) => ({
    rows: rows.map(({ id }) => {
      const record = reader.find(id)
      return record?.kind === 'decision' && [record.fields, [...record.row], record.score, record.outcome]
    }),
    labels: [...reader.allLabels()].map(({ id, isFraud, knownAtMs }) => [id, isFraud, knownAtMs]),
  }))
}

function decided(data: string): number {
  return withLog(data, (reader) => reader.lastSequence())
}

test('decisions through a running service that is killed in between are those of a replay without it', async () => {
  const first = await ServiceProcess.start(bundle, beside)
  const history = await runShrike('replay', file, '--data', beside, '--as', 'history')
  assert.equal(history.code, 1)
  assert.match(history.stderr, /DIRECTORY_IN_USE.*stop it while this runs, or .*--as decisions/)
  const trained = await runShrike('replay', file, '--data', beside, '--bundle', bundle, ...flags)
  assert.match(trained.stderr, /OPTION_INVALID.*leave out --bundle/)
  const cut = runShrike('replay', file, '--data', beside, '--timeout', '1s', ...flags)
  while (decided(beside) < 500) await sleep(5)
  await first.kill()
  const { code, stderr } = await cut
  assert.equal(code, 1)
  assert.match(stderr, /LOG_UNAVAILABLE.*within 1 s/)
  const had = withLog(beside, (reader) => rows.filter(({ id }) => reader.find(id) !== undefined).length)
  assert.ok(had < rows.length, 'it was killed in the middle')

  const second = await ServiceProcess.start(bundle, beside)
  const rest = JSON.parse(await succeed('replay', file, '--data', beside, ...flags))
  const whole = JSON.parse(await succeed('replay', file, '--data', direct, '--bundle', bundle, ...flags))
  assert.deepEqual([rest.transactions, rest.known], [rows.length - had, had])
  assert.deepEqual([rest.repeated, rest.conflicts], [1, 1])
  assert.deepEqual([whole.transactions, whole.repeated, whole.conflicts], [rows.length, 1, 1])
  assert.deepEqual(rest.firstConflicts.map(withoutPlace), whole.firstConflicts.map(withoutPlace))
  const again = JSON.parse(await succeed('replay', file, '--data', beside, ...flags))
  assert.deepEqual(
    [again.transactions, again.known, again.labels, again.repeated, again.conflicts],
    [0, rows.length, 0, 1, 1],
  )
  await second.stop()
  assertSound(beside)
  const [one, other] = [contents(beside), contents(direct)]
  assert.deepEqual(one.labels, other.labels)
  one.rows.forEach((row, i) => void assert.deepEqual(row, other.rows[i], `row ${i}`))
  assert.equal(await assertRowsAreReplayed(beside, bundle), rows.length)
})

/** The records of two logs have numbers of their own. */
function withoutPlace({ with: _, ...conflict }: Readonly<Record<string, unknown>>): unknown {
  return conflict
}
