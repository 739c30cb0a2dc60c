import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { shrikeScript, startShrike, succeedIn } from '../run-shrike.ts'

const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
const rounds = Number(process.env.SHRIKE_ROUNDS ?? 1)

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  assert(typeof address === 'object' && address !== null)
  return address.port
}

const detector = `detector: shop
transaction:
  id: id
  time: { field: time, format: iso }
  amount: { field: amount, digits: 2 }
  keys: { card: card }
  label: { field: fraud, delay: 1d }
features: [amount]
`

suite('the guide to webhooks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-webhooks-'))
  const children: ChildProcess[] = []
  after(() => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, maxRetries: 3 })
  })
  writeFileSync(join(folder, 'shop.yaml'), detector)
  const told: string[] = []

  /** The receiver that the guide shows, as it stands there. */
  const receive = (port: number) => {
    const guide = readFileSync('docs/guides/webhooks.md', 'utf8')
    const [, code = ''] = /```js\n(\/\/ receive\.mjs\n[\s\S]*?)```/.exec(guide) ?? []
    writeFileSync(join(folder, 'receive.mjs'), code)
    const env = { ...process.env, CORE_BANKING_SECRET: secret, PORT: String(port) }
    const child = spawn(process.execPath, ['receive.mjs'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.setEncoding('utf8').on('data', (text: string) => told.push(...text.trim().split('\n')))
    children.push(child)
    return child
  }

  const serve = async () => {
    const flags = ['--port', '0', '--webhooks', 'webhooks.yaml', '--log-level', 'error']
    const started = startShrike(folder, ['serve', '--detector', 'shop.yaml', ...flags], { CORE_BANKING_SECRET: secret })
    children.push(started.child)
    let said = ''
    started.child.stdout?.on('data', (text: string) => {
      said += text
    })
    while (!/ on http:\S+/.test(said)) {
      const ended = await Promise.race([sleep(10), started.ended])
      assert.equal(ended, undefined, JSON.stringify(ended))
    }
    const url = / on (http:\S+)/.exec(said)?.[1] ?? ''
    while ((await fetch(`${url}/readyz`)).status !== 200) await sleep(20)
    return { ...started, url }
  }

  const decide = async (url: string, id: string) => {
    const body = JSON.stringify({ id, time: new Date().toISOString(), amount: 10, card: `c${id.at(-1)}` })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/v1/decisions`, { method: 'POST', headers, body })
    assert.equal(answer.status, 200, await answer.text())
  }

  const until = async (isSo: () => boolean | Promise<boolean>) => {
    for (let waits = 0; !(await isSo()); waits += 1) {
      assert(waits < 1500, 'it comes')
      await sleep(20)
    }
  }

  test('holds with its own receiver, whatever is killed', async () => {
    const port = await freePort()
    const file = `endpoints:\n  - name: core-banking\n    url: http://127.0.0.1:${port}/shrike\n    secretVariable: CORE_BANKING_SECRET\n    events: [decision]\n    allowPrivate: true\n`
    writeFileSync(join(folder, 'webhooks.yaml'), file)
    let receiver = receive(port)
    const answered: string[] = []
    for (let round = 0; round < rounds; round++) {
      const { child, ended, url } = await serve()
      for (let i = 0; i < 20; i++) {
        const id = `r${round}-${i}`
        await decide(url, id)
        answered.push(id)
        // Whoever receives is away for a while.
        if (i === 10) receiver.kill('SIGKILL')
      }
      child.kill('SIGKILL')
      await ended
      receiver = receive(port)
    }
    const { child, ended, url } = await serve()
    await until(() => answered.every((id) => told.includes(id)))
    // The receiver that was started last has a memory of its own: what it was told twice, it says once.
    const list = async () => JSON.parse(await (await fetch(`${url}/v1/webhooks`)).text())
    await until(async () => (await list()).endpoints[0].waiting === 0)
    const listed = JSON.parse((await succeedIn(folder, ['webhooks', 'list', '--json'])).stdout)
    assert.equal(listed.endpoints[0].origin, `http://127.0.0.1:${port}`)
    const dead = JSON.parse((await succeedIn(folder, ['webhooks', 'dead', 'core-banking', '--json'])).stdout)
    assert.equal(dead.total, 0)
    told.length = 0
    receiver.kill('SIGKILL')
    receiver = receive(port)
    await succeedIn(folder, ['webhooks', 'replay', 'core-banking', '--from', '1'])
    await until(() => told.length === answered.length)
    assert.deepEqual(told.toSorted(), answered.toSorted())
    const metrics = await (await fetch(`${url}/metrics`)).text()
    assert.match(metrics, /shrike_webhook_events_total\{endpoint="core-banking",result="delivered"\} [1-9]/)
    child.kill('SIGTERM')
    const { stderr } = await ended
    assert(!stderr.includes(secret.slice(6)), 'no secret in the log')
    receiver.kill('SIGKILL')
  })

  test('says at the start what is wrong with the file', () => {
    writeFileSync(join(folder, 'webhooks.yaml'), 'endpoints: []\n')
    const args = [shrikeScript, 'serve', '--detector', 'cards', '--data', 'other', '--webhooks', 'webhooks.yaml']
    assert.throws(
      () => execFileSync(process.execPath, args, { cwd: folder, stdio: 'pipe' }),
      /webhooks\.yaml:1: endpoints/,
    )
  })
})
