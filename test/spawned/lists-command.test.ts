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
  assert.match(bad.stderr, /DATA_INVALID: .*bad.csv, line 3: expires_at: write an ISO 8601 time/)
  const lost = await lists('add', 'stolen', write('lost.csv', 'value,expires\nc-1,2020-01-01T00:00:00Z\n'))
  assert.match(
    lost.stderr,
    /DATA_INVALID: .*lost.csv: the column "expires" is not a column of entries. It has "value", /,
  )
  const both = write('both.csv', 'value,expiresAt,expires_at\nc-1,2020-01-01T00:00:00Z,\n')
  assert.match((await lists('add', 'stolen', both)).stderr, /: the column "expires_at" says the same as "expiresAt"/)
  const exportedLines = write('lines.ndjson', '{"value":"c-1","expiresAt":"2020-01-01T00:00:00Z"}\n')
  assert.equal((await lists('add', 'stolen', exportedLines)).code, 0)
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
  const absent = await lists('take', 'stolen', 'c-0000003')
  assert.match(absent.stderr, /warning: remove: 1 of 1 values are not on the list/)
  const again = await ServiceProcess.start(bundle, data)
  const body = { ...first.body, transaction_id: 'later', time: second.body.time }
  assert.notEqual(JSON.parse((await again.decide(body)).text).reasons[0]?.code, 'list:stolen')
  await mirrors(lists, write, 'a service')
  assert.equal((await lists('remove', 'stolen')).code, 0)
  assert.match((await lists('list')).stdout, /^there are no lists in version /)
  await again.stop()

  await lists('set', join(folder, 'lists.yaml'))
  await lists('add', 'stolen', cards)
  await mirrors(lists, write, 'a directory')
})

/** A file is the list, whoever added what is not in it. */
async function mirrors(
  lists: (...args: readonly string[]) => ReturnType<typeof runShrike>,
  write: (name: string, text: string) => string,
  where: string,
) {
  const many = Array.from({ length: 1200 }, (_, i) => `m-${i}`)
  assert.equal((await lists('add', 'stolen', write('many.csv', `value\n${many.join('\n')}\n`))).code, 0)
  const before = (await lists('export', 'stolen')).stdout
  for (const [name, text] of [
    ['empty.csv', 'value\n'],
    ['expired.csv', 'value,expires_at\nm-1,2020-01-01T00:00:00Z\n'],
  ]) {
    const refused = await lists('add', 'stolen', write(name, text), '--mirror')
    assert.deepEqual([refused.code, /would take everything off/.test(refused.stderr)], [1, true], refused.stderr)
  }
  assert.equal((await lists('export', 'stolen')).stdout, before, where)
  const held = before.trim().split('\n').length - 1
  const file = write('mirror.csv', 'value,note\nm-7,kept\nnew,\nm-3,\n')
  const mirrored = await lists('add', 'stolen', file, '--mirror', '--json')
  assert.deepEqual(JSON.parse(mirrored.stdout), { list: 'stolen', added: 3, taken: held - 2 }, mirrored.stderr)
  assert.equal((await lists('export', 'stolen')).stdout, 'value,expires_at,source,note\nm-7,,,kept\nnew,,,\nm-3,,,\n')
  assert.match((await lists('add', 'stolen', file, '--mirror')).stdout, /entries taken off stolen, .*: 0\n/)
}
