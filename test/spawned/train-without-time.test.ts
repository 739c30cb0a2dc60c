import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createRandom } from '../../src/core/random.ts'
import { createPredictor, readBundle } from '../../src/scoring/load-predictor.ts'
import { runIn, succeedIn } from '../run-shrike.ts'
import { buildTestService } from '../service/fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-timeless-'))
const at = (name: string) => join(folder, name)
const succeed = (...args: string[]) => succeedIn(folder, args)
const channels = ['web', 'shop', 'phone']
const count = 1500

const declared = (time: string) => `
detector: timeless
transaction:
  ${time}
  amount: { field: amount, digits: 2 }
  fields: { channel: channel, limit: limit }
  keys: { card: card }
  label: { field: fraud, delay: 7d }
features:
  - amount
  - oneHot: { of: channel, values: [web, shop, phone] }
  - category: { of: channel, values: [web, shop, phone] }
  - limit
  - ratio: { of: amount, to: limit }
`

before(() => {
  const random = createRandom(3)
  const rows = Array.from({ length: count }, (_, i) => {
    const channel = channels[random.integer(3)]
    const fraud = random.uniform() < (channel === 'web' ? 0.3 : 0.05) ? 1 : 0
    // At one instant each, in the file's order.
    return [1_700_000_000 + i, channel, (random.uniform() * 200).toFixed(2), 500, `c${i % 90}`, fraud].join()
  })
  writeFileSync(at('rows.csv'), ['at,channel,amount,limit,card,fraud', ...rows, ''].join('\n'))
  writeFileSync(at('timeless.yaml'), declared('zone: UTC'))
  writeFileSync(at('timed.yaml'), declared('time: { field: at, format: epoch-s }'))
})
after(() => rmSync(folder, { recursive: true }))

describe('a detector whose features look at no time and no past', () => {
  test('makes the same rows without a time as with one', async () => {
    for (const name of ['timeless', 'timed']) {
      await succeed('features', 'rows.csv', '--detector', `${name}.yaml`, '--out', `${name}.csv`)
    }
    const featuresOf = (name: string) =>
      readFileSync(at(name), 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(',').slice(-7).join())
    assert.equal(featuresOf('timeless.csv').length, count + 1)
    assert.deepEqual(featuresOf('timeless.csv'), featuresOf('timed.csv'))
  })

  test('is trained, scored, explained, evaluated and served', async () => {
    const { stdout } = await succeed(
      'train',
      'rows.csv',
      '--detector',
      'timeless.yaml',
      '--out',
      'b.safetensors',
      '--json',
    )
    const { warnings, rocAuc } = JSON.parse(stdout)
    assert.ok(rocAuc > 0.6, stdout)
    assert.match(warnings.join(), /There is no time column, so the split is random/)
    const scored = (await succeed('score', 'b.safetensors', 'rows.csv')).stdout.trim().split('\n')
    assert.equal(scored.length, count + 1)
    await succeed('evaluate', 'b.safetensors', 'rows.csv')
    const { probability, contributions } = JSON.parse(
      (await succeed('explain', 'b.safetensors', 'rows.csv', '--row', '4', '--json')).stdout,
    )
    assert.equal(scored[5].split(',')[1], String(probability))
    const row = Object.fromEntries(
      contributions.map(({ feature, value }: { feature: string; value: number }) => [feature, value]),
    )
    const { app } = await buildTestService({}, createPredictor(await readBundle(at('b.safetensors'))))
    const answer = await app.inject({ method: 'POST', url: '/predict/', body: row })
    assert.equal(answer.json().probability, probability)
    await app.close()
  })

  test('is told that a history, an hour or earlier rows need more', async () => {
    for (const feature of ['count: { by: card, over: 1d }', 'hour']) {
      writeFileSync(at('wants-time.yaml'), `${declared('zone: UTC')}  - ${feature}\n`)
      const { code, stderr } = await runIn(folder, ['train', 'rows.csv', '--detector', 'wants-time.yaml'])
      assert.deepEqual(
        [code, /needs a time, and the detector declares no transaction\.time/.test(stderr)],
        [1, true],
        stderr,
      )
    }
    const { stderr } = await runIn(folder, ['evaluate', 'b.safetensors', 'rows.csv', '--history', 'rows.csv'])
    assert.match(stderr, /--history: none of the bundle's features looks at histories/)
  })
})
