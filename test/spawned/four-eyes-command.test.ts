import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runIn, serveCards, startShrike, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-four-eyes-'))
after(() => rmSync(folder, { recursive: true }))

async function serve() {
  const service = await serveCards(folder)
  while ((await fetch(`${service.url}/readyz`)).status !== 200) await new Promise((done) => setTimeout(done, 100))
  return service
}

const makeKey = async (name: string, role: string, owner: string) => {
  const args = ['keys', 'create', '--name', name, '--role', role, '--owner', owner]
  return (await succeedIn(folder, args)).stdout.trim()
}

test('commands wait for somebody else beside a service, and change nothing without one', {
  timeout: 240_000,
}, async () => {
  const [ada, bob] = [await makeKey('of-ada', 'admin', 'ada'), await makeKey('of-bob', 'approver', 'bob')]
  const rule = 'id: large\nwhen: amount > 100.0\nthen: review\nreason: Large\nstate: live\n'
  writeFileSync(join(folder, 'large.yaml'), rule)
  const running = await serve()
  const ask = async (key: string, method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const answer = await fetch(`${running.url}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: Object(await answer.json()) }
  }
  assert.equal((await ask(ada, 'PUT', '/v1/four-eyes', { on: true })).status, 200)
  const command = ['rules', 'add', 'large.yaml', '--why', 'Large ones']
  const added = await startShrike(folder, command, { SHRIKE_API_KEY: ada }).ended
  assert.equal(added.code, 1, added.stdout)
  assert.match(added.stderr, /Change 1 waits for the approval of somebody else: nothing has changed yet/)
  const { hash } = (await ask(ada, 'GET', '/v1/changes/1')).body
  assert.equal((await ask(ada, 'POST', '/v1/changes/1/approve', { hash })).body.code, 'SAME_PERSON')
  assert.equal((await ask(bob, 'POST', '/v1/changes/1/approve', { hash })).status, 200)
  assert.equal((await ask(ada, 'GET', '/v1/rules')).body.rules.length, 1)
  const [list] = [(await ask(ada, 'PUT', '/v1/lists/mules', { of: 'card', effect: 'watch' })).body]
  assert.equal((await ask(bob, 'POST', `/v1/changes/${list.change}/approve`, { hash: list.hash })).status, 200)
  const values = Array.from({ length: 1001 }, (_, i) => `c-${i}`)
  writeFileSync(join(folder, 'mules.csv'), ['value', ...values].join('\n'))
  const part = await startShrike(folder, ['lists', 'add', 'mules', 'mules.csv'], { SHRIKE_API_KEY: ada }).ended
  assert.match(part.stderr, /nothing has changed yet. It is of 1,000 entries of 1,001: the others were not sent/)
  await running.stop()
  const beside = await runIn(folder, ['rules', 'state', 'large', 'off', '--detector', 'cards'])
  assert.notEqual(beside.code, 0, beside.stdout)
  assert.match(beside.stderr, /Somebody else has to approve changes/)
  const changes = await succeedIn(folder, ['log', 'export', '--changes', '--format', 'ndjson'])
  assert.match(changes.stdout, /large/)
  const newest = await succeedIn(folder, ['audit', '--limit', '1'])
  assert.match(newest.stdout, /^\S+ {2}command:export {2}export {2}.*\n$/)
  assert.equal(newest.stderr, 'These are the newest 1, and there are older ones: --limit shows more\n')
  const { stdout, stderr } = await succeedIn(folder, ['audit', '--json', '--limit', '10'])
  assert.doesNotMatch(stderr, /there are older ones/)
  const entries: readonly { readonly who: string; readonly what: string }[] = JSON.parse(stdout)
  assert.deepEqual(
    entries.map(({ who, what }) => `${who} ${what}`),
    [
      'command:export export',
      'key:of-ada changePolicy',
      'key:of-bob approveChange',
      'key:of-ada putList',
      'key:of-bob approveChange',
      'key:of-ada approveChange',
      'key:of-ada changePolicy',
      'key:of-ada setFourEyes',
      'command:keys createKey',
      'command:keys createKey',
    ],
  )
})
