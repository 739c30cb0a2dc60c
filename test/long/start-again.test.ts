import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { startShrike, succeedIn } from '../run-shrike.ts'
import { writeMadeTable } from '../tables/write.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-again-'))
const at = (name: string) => join(folder, name)
after(() => rmSync(folder, { recursive: true }))
before(() => writeMadeTable('banksim', { rows: 6000, seed: 4, isMessy: false, out: at('table.csv') }))

const args = ['demo', 'table.csv', '--data', 'again', '--port', '0']
const isTrained = /\nbundle {2}again/

/** What npm start says until it serves, stopped then; or until something is said, killed then. */
async function start(until = /Try it:/, signal: NodeJS.Signals = 'SIGTERM'): Promise<string> {
  const { child, ended } = startShrike(folder, args)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text: string) => {
      said += text
    })
  }
  try {
    const isOver = ended.then(({ code, stderr }) => assert.fail(`it ended with ${code}: ${stderr}`))
    while (!until.test(said)) await Promise.race([sleep(5), isOver])
  } finally {
    child.kill(signal)
    await ended
  }
  return said
}

test('npm start with a table does again only what was not done, or what something has changed for', async () => {
  assert.match(await start(isTrained, 'SIGKILL'), isTrained)
  assert.match(await start(), /are in again|already known/)

  const unchanged = await start()
  assert.match(unchanged, /Going on with the model in again.*\nThe transactions of table\.csv are in again already/)
  assert.doesNotMatch(unchanged, isTrained)

  for (const name of ['log.sqlite', 'log.sqlite-wal', 'log.sqlite-shm', 'lock.sqlite', 'snapshots'])
    rmSync(at(`again/${name}`), { recursive: true, force: true })
  const withoutLog = await start()
  assert.match(withoutLog, /Going on with the model[\s\S]*6,000 transactions and \d+ labels are in again/)
  assert.doesNotMatch(withoutLog, isTrained)

  appendFileSync(at('table.csv'), "179,'C1','2','F','28007','M1','28007','es_food',12.5,0\n")
  const withMore = await start()
  assert.match(withMore, isTrained)
  assert.match(withMore, /1 transactions and \d+ labels are in again[\s\S]*6,000 were already known/)
})

test('a replay that is stopped says what is kept, and goes on from there', async () => {
  await writeMadeTable('banksim', { rows: 40_000, seed: 5, isMessy: false, out: at('long.csv') })
  const replay = ['replay', 'long.csv', '--as', 'history', '--number-rows', '--data', 'kept', '--bundle']
  const { child, ended } = startShrike(folder, [...replay, 'again/model.safetensors'])
  while (countKept() < 1000) await sleep(5)
  child.kill('SIGINT')
  const { code, stderr } = await ended
  assert.equal(code, 1)
  assert.match(stderr, /INTERRUPTED: Stopped before the end; what was brought in until then is kept in kept/)
  const kept = countKept()
  assert.ok(kept < 40_000, `${kept} records`)
  const again = await succeedIn(folder, [...replay, 'again/model.safetensors'])
  const [, fresh, known] = /([\d,]+) transactions and[\s\S]*?([\d,]+) were already known/.exec(again.stdout) ?? []
  const count = (text = '') => Number(text.replaceAll(',', ''))
  assert.ok(count(known) >= 900, known)
  assert.equal(count(fresh) + count(known), 40_000)
})

/** Records in the log of a replay that is under way. */
function countKept(): number {
  if (!existsSync(at('kept/log.sqlite'))) return 0
  try {
    const reader = new SqliteLogReader(at('kept/log.sqlite'))
    const last = reader.lastSequence()
    reader.close()
    return last
  } catch {
    // It is being made.
    return 0
  }
}
