import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { purchases, runShrike, ServiceProcess, temporaryFolder, trainBundle } from '../durability/service.ts'

test('a list is defined and filled beside a service, decides, and is emptied without one', async () => {
  const folder = temporaryFolder()
  const bundle = await trainBundle(folder)
  const data = join(folder, 'data')
  const service = await ServiceProcess.start(bundle, data)
  const lists = (...args: readonly string[]) => runShrike('lists', ...args, '--data', data, '--bundle', bundle)
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const [first, second] = purchases(2)
  const defined = await lists('set', write('lists.yaml', '[{ name: stolen, of: card, effect: block }]\n'))
  assert.deepEqual([defined.code, /^version \d+ is in force/.test(defined.stdout)], [0, true], defined.stderr)
  const bad = await lists('add', 'stolen', write('bad.csv', 'value,expires_at\nc-1,\nc-2,tomorrow\n'))
  assert.match(bad.stderr, /DATA_INVALID: .*bad.csv, line 3: expiresAt: write an ISO 8601 time/)
  const cards = write('cards.csv', `value,note\n${first.body.card_id},Reported\nc-0000002,\n`)
  assert.match((await lists('add', 'stolen', cards)).stdout, /^entries added to stolen in .*: 2\n/)
  const exported = (await lists('export', 'stolen')).stdout
  assert.equal(exported, `value,expires_at,source,note\n${first.body.card_id},,,Reported\nc-0000002,,,\n`)
  const missing = await lists('add', 'stollen', cards)
  assert.deepEqual([missing.code, /there is no list "stollen"/.test(missing.stderr)], [1, true], missing.stderr)
  const { outcome, reasons } = JSON.parse((await service.decide(first.body)).text)
  assert.deepEqual([outcome, reasons[0].code], ['decline', 'list:stolen'])
  await service.stop()

  assert.equal((await lists('list')).stdout, 'stolen  of card  block\n')
  assert.equal((await lists('export', 'stolen')).stdout, exported)
  assert.match((await lists('show', 'stolen')).stdout, /^name: stolen\n/)
  assert.equal((await lists('take', 'stolen', String(first.body.card_id))).code, 0)
  const again = await ServiceProcess.start(bundle, data)
  const body = { ...first.body, transaction_id: 'later', time: second.body.time }
  assert.notEqual(JSON.parse((await again.decide(body)).text).reasons[0]?.code, 'list:stolen')
  assert.equal((await lists('remove', 'stolen')).code, 0)
  assert.match((await lists('list')).stdout, /^there are no lists in version /)
  await again.stop()
})
