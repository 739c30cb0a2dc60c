import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { purchases } from '../durability/service.ts'
import { shrikeScript, startShrike, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-lost-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0
const streamArgs = ['stream', '--detector', 'cards', '--no-warm-up', '--in', '-', '--out', '-', '--data']
const lines = purchases(200).map(({ body }) => JSON.stringify(body))

describe('an output that nobody takes any more', () => {
  for (const output of ['stdout', 'stderr'] as const) {
    test(`does not keep a training from its end: ${output}`, async () => {
      if (!existsSync(join(folder, 'table.csv'))) {
        const size = ['--customers', '60', '--terminals', '100', '--days', '120']
        await succeedIn(folder, ['simulate', '--shape', 'portfolio', ...size, '--out', 'table.csv'])
      }
      const bundle = `${output}.safetensors`
      const learner = ['--detector', resolve('detectors/cards.yaml'), '--learner', 'decision-tree', '--max-depth', '3']
      const { child, ended } = startShrike(folder, ['train', 'table.csv', ...learner, '--out', bundle])
      child[output]?.destroy()
      assert.equal((await ended).code, 0)
      assert.ok(existsSync(join(folder, bundle)), 'the bundle is there')
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.endsWith('.partial')),
        [],
      )
    })
  }

  test('ends a stream of lines, and says so', async () => {
    const { child, ended } = startShrike(folder, [...streamArgs, 'unread'])
    child.stdout?.destroy()
    // More lines could come at any time.
    child.stdin?.on('error', () => {}).write(`${lines.join('\n')}\n`)
    const { code, stderr } = await ended
    assert.equal(code, 1, stderr)
    assert.match(stderr, /error FILE_UNWRITABLE: Standard output can't be written: nobody reads it any more/)
  })

  test('ends a stream of lines that is told to end while the log cannot be written', {
    skip: !hasPrlimit && 'prlimit (util-linux) is not installed',
  }, async () => {
    const { child, ended } = startShrike(folder, [...streamArgs, 'unwritable'])
    child.stdin?.on('error', () => {}).write(`${lines[0]}\n`)
    await once(child.stdout ?? child, 'data')
    spawnSync('prlimit', ['--pid', String(child.pid), '--fsize=1:unlimited'])
    child.stdin?.write(`${lines[1]}\n`)
    child.stderr?.on('data', (text: string) => {
      if (text.includes('the log could not be written')) child.kill('SIGTERM')
    })
    const { code, stdout, stderr } = await ended
    assert.equal(code, 1, stderr)
    assert.equal(stdout.trimEnd().split('\n').length, 1)
    assert.match(stderr, /error LOG_UNAVAILABLE: [^\n]+\n$/)
  })

  const full = '/dev/full'
  test('lets a service go on whose log finds no room', {
    skip: !existsSync(full) && 'there is no full device',
  }, async (t) => {
    const args = [shrikeScript, 'serve', '--detector', 'cards', '--data', 'served', '--port', '0', '--no-warm-up']
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', openSync(full, 'w')] })
    const ended = once(child, 'exit')
    t.after(() => child.kill('SIGKILL'))
    let told = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
    while (!/ on http:\S+/.test(told)) await Promise.race([once(child.stdout ?? child, 'data'), ended])
    const url = / on (http:\S+)/.exec(told)?.[1]
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5000) })
    assert.equal(answer.status, 200)
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  })
})
