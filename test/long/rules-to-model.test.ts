import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { ServiceProcess } from '../durability/service.ts'
import { runIn, succeedIn } from '../run-shrike.ts'

// From rules alone to the first model, by commands: nothing but a detector, a file of the past, rules and a list.

const folder = mkdtempSync(join(tmpdir(), 'shrike-first-'))
const at = (name: string) => join(folder, name)
const succeed = (...args: readonly string[]) => succeedIn(folder, args)
const refused = async (...args: readonly string[]) => {
  const { code, stderr } = await runIn(folder, args)
  assert.notEqual(code, 0)
  return stderr
}
const day = Date.UTC(2026, 0, 31)

before(async () => {
  const size = ['--customers', '150', '--terminals', '200', '--days', '50', '--seed', '3']
  await succeed('simulate', '--shape', 'portfolio', ...size, '--out', 'all.csv')
  const [head, ...rows] = readFileSync(at('all.csv'), 'utf8').trim().split('\n')
  const isPast = (row: string) => Date.parse(row.split(',')[1]) < day
  writeFileSync(at('past.csv'), [head, ...rows.filter(isPast)].join('\n'))
  writeFileSync(at('live.csv'), [head, ...rows.filter((row) => !isPast(row))].join('\n'))
  // Without thresholds of its own, so that training finds them.
  const [cards] = readFileSync('detectors/cards.yaml', 'utf8').split('\npolicy:')
  writeFileSync(at('cards.yaml'), cards.replace(/label: .*/, 'label: { field: is_fraud, delay: 2d }'))
  writeFileSync(
    at('rules.yaml'),
    `- { id: velocity, when: card_count_1h > 3, then: decline, state: live }
- { id: unsure, when: score > 0.5, then: review, state: live }
`,
  )
})

after(() => rmSync(folder, { recursive: true, force: true }))

describe('from rules alone to a first model', () => {
  test('what is brought in, decided and learned from needs a detector and no bundle', async () => {
    await succeed('replay', 'past.csv', '--as', 'history', '--detector', 'cards.yaml', '--data', 'data')
    const checked = await succeed('rules', 'check', 'rules.yaml', '--data', 'data')
    assert.match(`${checked.stdout}${checked.stderr}`, /"score" is unknown: there is no model yet/)
    await succeed('rules', 'add', 'rules.yaml', '--data', 'data')
    await succeed('replay', 'live.csv', '--as', 'decisions', '--data', 'data')
    await succeed('log', 'verify', '--data', 'data')
    const { stdout } = await succeed('log', 'export', '--data', 'data', '--format', 'ndjson')
    const rows = stdout.trim().split('\n')
    const decided = rows.map((row) => JSON.parse(row)).filter(({ kind }) => kind === 'decision')
    const outcomes = new Set(decided.map(({ outcome }) => outcome))
    assert.deepEqual([...outcomes].sort(), ['approve', 'decline'])
    for (const { outcome, card_count_1h, score, model } of decided) {
      assert.equal(outcome, card_count_1h > 3 ? 'decline' : 'approve')
      assert.deepEqual([score, model], [undefined, undefined])
    }
    await succeed(
      'train',
      '--no-report',
      '--from-log',
      '--data',
      'data',
      '--n-estimators',
      '5',
      '--no-leak-check',
      '--out',
      'm.safetensors',
    )
    const { id, detector } = await readBundle(at('m.safetensors'))
    await succeed('replay', 'live.csv', '--as', 'decisions', '--data', 'data', '--bundle', 'm.safetensors')
    const log = new SqliteLogReader(at('data/log.sqlite'))
    try {
      assert.deepEqual(
        log.definitionSequences().map((sequence) => log.definition(sequence).model),
        [null, id],
      )
    } finally {
      log.close()
    }
    const { review, decline } = detector.policy ?? {}
    assert.ok(review !== undefined)
    const shown = await succeed('policy', 'show', '--data', 'data', '--bundle', 'm.safetensors', '--json')
    assert.deepEqual(JSON.parse(shown.stdout).policy.thresholds, { review, ...(decline !== undefined && { decline }) })
  })

  test('a service takes an edited detector at SIGHUP, and leaves a broken one', async () => {
    const file = at('edited.yaml')
    const before = readFileSync(at('cards.yaml'), 'utf8')
    writeFileSync(file, before)
    const service = await ServiceProcess.start(undefined, at('edited'), ['--detector', file])
    const rule = { id: 'calm', when: 'card_count_15m > 1', then: 'decline', state: 'live' }
    const save = async () => (await service.ask('POST', '/v1/rules', rule)).status
    const reload = async (text: string, said: RegExp) => {
      const from = service.log().length
      writeFileSync(file, text)
      service.child.kill('SIGHUP')
      while (!said.test(service.log().slice(from))) await sleep(20)
    }
    assert.equal(await save(), 422)
    await reload(
      before.replace('over: [10m,', 'over: [10m, 1'),
      /the detector was refused; the previous one stays in use/,
    )
    assert.equal(await save(), 422)
    await reload(before.replace('over: [10m,', 'over: [10m, 15m,'), /the detector was loaded again/)
    assert.equal(await save(), 200)
    const card = { card_id: 'k', customer_id: 'c', terminal_id: 't', merchant_id: 'm', channel: 'pos' }
    const outcomes = []
    for (const id of ['a', 'b']) {
      const body = { ...card, transaction_id: id, time: new Date().toISOString(), amount: 5 }
      outcomes.push(JSON.parse((await service.decide(body)).text).outcome)
    }
    assert.deepEqual(outcomes, ['approve', 'decline'])
    await service.stop()
    writeFileSync(at('labels.csv'), 'transactionId,isFraud\nb,1\n')
    await succeed('label', 'labels.csv', '--data', 'edited')
    assert.match((await succeed('log', 'export', '--data', 'edited')).stdout, /\nb,.*,1,/)
  })

  test('what makes no sense without a model is refused, and says why', async () => {
    const serve = ['serve', '--detector', 'cards.yaml', '--data', 'other', '--port', '0']
    assert.match(
      await refused('serve', 'm.safetensors', ...serve.slice(1)),
      /OPTION_INVALID: --detector cards.yaml is for deciding without a model; a bundle has its detector with it/,
    )
    assert.match(
      await refused(...serve, '--workers', '2'),
      /OPTION_INVALID: --workers 2: several make predictions only/,
    )
    const cards = readFileSync(at('cards.yaml'), 'utf8')
    writeFileSync(at('no-id.yaml'), cards.replace(/^ {2}id: .*\n/m, ''))
    assert.match(
      await refused('serve', '--detector', 'no-id.yaml', '--data', 'other', '--port', '0'),
      /DETECTOR_INVALID: .*cannot decide/,
    )
    writeFileSync(at('bad.yaml'), cards.replace('by: card, over: [10m', 'by: crad, over: [10m'))
    assert.match(
      await refused('serve', '--detector', 'bad.yaml', '--data', 'other', '--port', '0'),
      /DETECTOR_INVALID: bad.yaml:\d+/,
    )
    assert.match(
      await refused('serve', '--detector', 'none.yaml', '--data', 'other', '--port', '0'),
      /FILE_UNREADABLE: .*none.yaml/,
    )
    assert.match(
      await refused('serve', '--data', 'other', '--port', '0'),
      /FILE_UNREADABLE: .* decide without a model: serve --detector FILE/,
    )
    assert.match(
      await refused('rules', 'list', '--data', 'data', '--bundle', 'm.safetensors', '--detector', 'cards.yaml'),
      /OPTION_INVALID/,
    )
  })
})
