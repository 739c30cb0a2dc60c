import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'
import { startShrike } from '../run-shrike.ts'

const file = z.object({ services: z.record(z.string(), z.object({ command: z.array(z.string()).optional() })) })
const key = 'only-for-this-test-of-compose'

// There is no container engine where tests run: the same commands, with other names of hosts and folders.
suite('the processes of the compose file', { skip: noPostgres }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-compose-'))
  const children: ChildProcess[] = []
  let postgres: PostgresServer
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => {
    for (const child of children) child.kill('SIGKILL')
    postgres?.remove()
    rmSync(folder, { recursive: true, maxRetries: 5 })
  })

  async function freePort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((listening) => server.once('listening', listening))
    const address = server.address()
    server.close()
    assert(typeof address === 'object' && address !== null)
    return address.port
  }

  const ready = async (url: string) => {
    for (let waits = 0; waits < 600; waits += 1) {
      const answer = await fetch(`${url}/readyz`).catch(() => undefined)
      if (answer?.status === 200) return JSON.parse(await answer.text())
      await sleep(50)
    }
    return assert.fail(`${url} is not ready`)
  }

  test('share a log: one leads, the other one takes over', async () => {
    const { services } = file.parse(parse(readFileSync('deploy/compose/compose.yaml', 'utf8'), { merge: true }))
    const database = postgres.newDatabase()
    const started = []
    for (const name of ['shrike-1', 'shrike-2']) {
      const port = String(await freePort())
      const places: Readonly<Record<string, readonly string[]>> = {
        '/model/shrike-model.safetensors': ['--detector', resolve('detectors/cards.yaml')],
        'postgres://shrike@postgres/shrike': [database],
        '8000': [port],
        [`http://${name}:8000`]: [`http://127.0.0.1:${port}`],
      }
      const { command = [] } = services[name]
      const args = [...command.flatMap((word) => places[word] ?? [word]), '--log-level', 'error']
      const variables = { SHRIKE_COPIES: join(folder, name), SHRIKE_API_KEYS: key }
      const { child, ended } = startShrike(folder, args, variables)
      children.push(child)
      const url = `http://127.0.0.1:${port}`
      started.push({
        child,
        ended,
        url,
        state: await Promise.race([ready(url), ended.then((how) => assert.fail(JSON.stringify(how)))]),
      })
    }
    const [first, second] = started
    assert.deepEqual([first.state.role, second.state.role], ['leader', 'follower'])
    assert.equal(second.state.leader, first.url)
    first.child.kill('SIGKILL')
    await first.ended
    for (let waits = 0; (await ready(second.url)).role !== 'leader'; waits += 1) {
      assert(waits < 200, 'the second one leads')
      await sleep(50)
    }
    second.child.kill('SIGTERM')
    assert.equal((await second.ended).code, 0)
  })
})
