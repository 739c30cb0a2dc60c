import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { oneOf } from '../examples.ts'
import { startShrike, succeedIn } from '../run-shrike.ts'
import { writeMadeTable } from '../tables/write.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-init-'))
after(() => rmSync(folder, { recursive: true }))

/** A folder for one table. `shrike` is not on the path: what is printed has to work without. */
function newFolder(name: string) {
  const cwd = join(folder, name)
  mkdirSync(cwd)
  return { cwd, env: { ...process.env, NO_COLOR: '1' } }
}

/** Runs what `init` prints, in one shell up to what serves, and what asks it from another; returns the answer. */
async function runPrinted(cwd: string, env: NodeJS.ProcessEnv, next: readonly string[]) {
  const [serve = '', call = ''] = next.slice(-2)
  // Of tests at once each has a port of its own.
  const script = [...next.slice(0, -2), `exec ${serve} --port 0`].join(' && \\\n')
  const child = spawn('bash', ['-c', script.replace(/ {3}#.*&&/, ' &&')], { cwd, env, detached: true })
  const said = gather(child)
  try {
    const ended = new Promise((done) => child.on('close', done)).then(() => assert.fail(said()))
    let url: string | undefined
    while (url === undefined) {
      await Promise.race([sleep(50), ended])
      url = /serving \S+ on (\S+)/.exec(said())?.[1]
    }
    while ((await fetch(`${url}/readyz`)).status !== 200) await sleep(20)
    const { stdout } = spawnSync('sh', ['-c', call.replace('http://127.0.0.1:8000', url)], { encoding: 'utf8', env })
    return { answer: JSON.parse(stdout), said: said() }
  } finally {
    child.kill('SIGTERM')
  }
}

function gather({ stdout, stderr }: ChildProcess): () => string {
  let text = ''
  const take = (part: string) => {
    text += part
  }
  stdout?.setEncoding('utf8').on('data', take)
  stderr?.setEncoding('utf8').on('data', take)
  return () => text
}

describe('the commands that init prints work when they are copied', () => {
  for (const shape of oneOf(2, ['sparkov', 'banksim'] as const))
    test(`${shape}, whose keys have histories: to a decision`, async () => {
      const { cwd, env } = newFolder(shape)
      await writeMadeTable(shape, {
        rows: 8000,
        seed: 4,
        isMessy: shape === 'banksim',
        out: join(cwd, 'my table.csv'),
      })
      const init = await succeedIn(cwd, ['init', 'my table.csv', '--bad-rows', 'skip', '--json'])
      const { next } = JSON.parse(init.stdout)
      assert.match(
        next.join('\n'),
        /train 'my table.csv' .*\n.*replay .* --data .shrike .*\n.*serve .* --data .shrike\n/,
      )
      const { answer, said } = await runPrinted(cwd, env, next)
      assert.match(said, /transactions and \d+ labels are in \.shrike/)
      assert.match(answer.outcome, /^(approve|challenge|review|decline)$/, JSON.stringify(answer))
      assert.deepEqual([answer.duplicate, typeof answer.score], [false, 'number'])
    })

  test('a table without keys: to a prediction', async () => {
    const { cwd, env } = newFolder('flat')
    await succeedIn(cwd, ['simulate', '--rows', '2000', '--frauds', '60', '--out', 'flat.csv'])
    const { next } = JSON.parse((await succeedIn(cwd, ['init', 'flat.csv', '--json'])).stdout)
    const { answer } = await runPrinted(cwd, env, next)
    assert.deepEqual(Object.keys(answer), ['fraud_prediction', 'probability'])
  })

  test('and name another directory where the usual one is in use, and a key where one is asked for', async () => {
    const { cwd } = newFolder('used')
    await writeMadeTable('sparkov', { rows: 500, seed: 4, isMessy: false, out: join(cwd, 'own.csv') })
    mkdirSync(join(cwd, '.shrike'))
    const { stdout } = await succeedIn(cwd, ['init', 'own.csv', '--out', '.shrike/detector.yaml'])
    assert.match(stdout, /--data \.shrike\n/)
    assert.doesNotMatch(stdout, /Bearer/)
    rmSync(join(cwd, 'own.csv'))
    await writeMadeTable('banksim', { rows: 500, seed: 4, isMessy: false, out: join(cwd, 'other.csv') })
    const other = await startShrike(cwd, ['init', 'other.csv'], { SHRIKE_API_KEYS: 'x'.repeat(16) }).ended
    assert.match(other.stdout, /--data \.shrike-other\n/)
    assert.match(other.stdout, /-H 'Authorization: Bearer YOUR_KEY'/)
  })
})

test('init --rejects writes what was left out, and is not passed on', async () => {
  const { cwd } = newFolder('rejects')
  const rows = Array.from(
    { length: 40 },
    (_, i) => `t${i},2026-01-${10 + (i % 15)}T10:00:00Z,c${i % 4},${i}.5,${i % 5 === 0 ? 1 : 0}`,
  )
  writeFileSync(join(cwd, 'a.csv'), ['id,time,card,amount,is_fraud', ...rows, 't41,2026-01-10T10:00:00Z'].join('\n'))
  const { stdout } = await succeedIn(cwd, ['init', 'a.csv', '--bad-rows', 'skip', '--rejects', 'bad.csv'])
  assert.match(readFileSync(join(cwd, 'bad.csv'), 'utf8'), /^42,/m)
  assert.doesNotMatch(stdout.split('Next:')[1], /rejects/)
})
