import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { post, whileServing } from '../spawned/while-serving.ts'
import { writeMadeTable } from '../tables/write.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-own-'))
const at = (name: string) => join(folder, name)
after(() => rmSync(folder, { recursive: true }))
before(async () => {
  for (const name of ['banksim', 'sparkov'] as const)
    await writeMadeTable(name, { rows: 6_000, seed: 4, isMessy: false, out: at(`${name}.csv`) })
})

describe('npm start with a table of one’s own', () => {
  const start = ['demo', 'sparkov.csv', '--data', 'trial']

  test('hashes cards, serves decisions with histories, and leaves the draft to be edited', async () => {
    await whileServing(folder, start, /Try it:\n\n {2}curl .*\n/, async (said) => {
      const [, url = '', body = ''] = /curl -s (\S+) .* -d '(.*)'\n/.exec(said) ?? []
      assert.match(url, /\/v1\/decisions$/)
      const { status, decided } = await post(url, JSON.parse(body))
      assert.equal(status, 200)
      assert.deepEqual(decided.degraded, [])
      assert.match(said, /6,000 transactions and \d+ labels are in trial/)
    })
    assert.match(readFileSync(at('trial/detector.yaml'), 'utf8'), /hashCardNumber: \[ cc_num \]/)
    assert.equal(statSync(at('trial/card.key')).mode & 0o777, 0o600)
  })

  test('goes on with an edited draft, and keeps another table apart', async () => {
    const path = at('trial/detector.yaml')
    writeFileSync(path, `${readFileSync(path, 'utf8')}policy: { review: 0.123 }\n`)
    await whileServing(folder, start, /Try it:/, async (said) =>
      assert.match(said, /Going on with the detector in trial/),
    )
    const other = ['demo', 'banksim.csv', '--data', 'trial']
    await whileServing(folder, other, /Try it:/, async (said) => assert.match(said, /is kept in trial-banksim/))
    assert.ok(existsSync(at('trial-banksim/detector.yaml')))
    assert.match(readFileSync(path, 'utf8'), /review: 0\.123/)
  })
})
