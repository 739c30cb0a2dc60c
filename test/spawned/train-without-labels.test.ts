import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import { runIn, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-unlabelled-'))
const at = (name: string) => join(folder, name)
const run = (...args: string[]) => runIn(folder, args)
const json = async (...args: string[]) => JSON.parse((await succeedIn(folder, [...args, '--json'])).stdout)
const forest = ['--learner', 'isolation-forest', '--no-leak-check', '--force']

/** A table without the columns that say more than a shop would know, or without the rows that are fraud. */
function cut(
  from: string,
  to: string,
  keep: (row: Readonly<Record<string, string>>) => boolean,
  without: readonly string[],
) {
  const [header, ...lines] = readFileSync(at(from), 'utf8').trimEnd().split('\n')
  const names = header.split(',')
  const rows = lines
    .map((line) => line.split(','))
    .filter((cells) => keep(Object.fromEntries(names.map((name, i) => [name, cells[i]]))))
  const kept = [...names.keys()].filter((i) => !without.includes(names[i]))
  const text = [names, ...rows].map((cells) => kept.map((i) => cells[i]).join(','))
  writeFileSync(at(to), `${text.join('\n')}\n`)
}

before(async () => {
  const size = ['--customers', '100', '--terminals', '100', '--days', '40', '--seed', '3']
  await succeedIn(folder, ['simulate', '--shape', 'portfolio', ...size, '--out', 'all.csv'])
  cut('all.csv', 'bare.csv', () => true, ['is_fraud', 'label_known_at', 'scenario'])
  cut('all.csv', 'honest.csv', ({ is_fraud }) => is_fraud === '0', ['scenario'])
  writeFileSync(at('cards.yaml'), readFileSync('detectors/cards.yaml'))
})
after(() => rmSync(folder, { recursive: true }))

describe('shrike train without labels', () => {
  test('learns from a table without a label, flags the share that was asked for, and says that nothing was measured', async () => {
    const flags = ['--detector', 'cards.yaml', ...forest, '--flag-share', '0.02', '--out', 'bare.safetensors']
    const told = await json('train', 'bare.csv', ...flags)
    assert.deepEqual([told.metrics, told.frauds, told.score], [null, null, 'rank'])
    assert.match(told.warnings[0], /nothing was measured/)
    const bundle = await readBundle(at('bare.safetensors'))
    const { calibration, metrics, training, detector, threshold } = bundle
    assert.deepEqual([calibration.method, metrics, training.frauds, training.split.by], ['rank', null, null, 'none'])
    assert.deepEqual([detector.policy?.review, threshold.value], [0.2, 0.2])
    assert.ok(told.flagged.rows > 0 && told.flagged.rows <= 0.02 * told.flagged.of)
    const page = readFileSync(at('bare-report.html'), 'utf8')
    assert.match(page, /Nothing was measured/)
    assert.ok(page.includes(bundle.id))
    for (const word of ['Average precision', 'ROC']) assert.ok(!page.includes(word), word)

    const scored = (await succeedIn(folder, ['score', 'bare.safetensors', 'bare.csv'])).stdout
      .trimEnd()
      .split('\n')
      .slice(1)
    const later = scored.slice(-told.flagged.of).map((line) => line.split(','))
    assert.equal(later.filter(([, , flagged]) => flagged === '1').length, told.flagged.rows)
    assert.ok(
      scored.every((line) => Number(line.split(',')[1]) < 0.8),
      'something would be declined',
    )
  })

  test('learns the same from rows of which none is fraud, and from labels only what they say', async () => {
    const [one, other] = [
      await json('train', 'honest.csv', '--detector', 'cards.yaml', ...forest, '--out', 'honest.safetensors'),
      await json('train', 'all.csv', '--detector', 'cards.yaml', ...forest, '--out', 'all.safetensors'),
    ]
    assert.equal(one.metrics, null)
    assert.ok(other.averagePrecision > 0)
    assert.notEqual((await readBundle(at('all.safetensors'))).metrics, null)
  })

  test('infers a detector where there is no label, which says how it would be called', async () => {
    const { stderr } = await succeedIn(folder, [
      'train',
      'bare.csv',
      ...forest,
      '--out',
      'x.safetensors',
      '--save-detector',
      'x.yaml',
    ])
    assert.match(stderr, /inferred: label none \(is_fraud, should labels come later\)/)
    assert.match(readFileSync(at('x.yaml'), 'utf8'), /field: is_fraud/)
  })

  test('is measured once there are labels, and told that its scores are no probabilities', async () => {
    const { stderr, stdout } = await succeedIn(folder, [
      'evaluate',
      'bare.safetensors',
      'all.csv',
      '--include-training',
      '--json',
    ])
    assert.match(stderr, /no probabilities/)
    assert.ok(JSON.parse(stdout).averagePrecision > 0)
  })

  const refused = [
    {
      name: 'what learns from frauds',
      args: ['honest.csv', '--detector', 'cards.yaml'],
      says: /random-forest learns from frauds; .*--learner isolation-forest/,
    },
    {
      name: 'a flat table without a label',
      args: ['bare.csv'],
      says: /No column looks like a label[\s\S]*--learner isolation-forest/,
    },
    { name: 'a label that is not there', args: ['bare.csv', ...forest, '--label', 'chargeback'], says: /chargeback/ },
    {
      name: 'a wanted precision',
      args: ['bare.csv', ...forest, '--wanted-precision', '0.5'],
      says: /--wanted-precision needs labels/,
    },
    { name: 'a threshold', args: ['bare.csv', ...forest, '--threshold', '0.5'], says: /--flag-share says how many/ },
    { name: 'fewer rows than one', args: ['bare.csv', ...forest, '--flag-share', '0.0001'], says: /less than one row/ },
    {
      name: 'a share beside labels',
      args: ['all.csv', '--detector', 'cards.yaml', ...forest, '--flag-share', '0.01'],
      says: /is for learning without labels/,
    },
  ]
  for (const { name, args, says } of refused) {
    test(`refuses ${name}`, async () => {
      const { code, stderr } = await run('train', ...args, '--out', 'refused.safetensors')
      assert.ok(code === 1 || code === 2)
      assert.match(stderr, says)
    })
  }

  test('gives the same bytes for any number of threads', async () => {
    const train = (threads: string) =>
      json('train', 'bare.csv', ...forest, '--no-report', '--threads', threads, '--out', `t${threads}.safetensors`)
    assert.equal((await train('1')).bundle.split('@')[1], (await train('2')).bundle.split('@')[1])
  })

  test('is a model like others: added, deployed, and told to be without metrics', async () => {
    await succeedIn(folder, [
      'replay',
      'bare.csv',
      '--as',
      'decisions',
      '--bundle',
      'bare.safetensors',
      '--data',
      'data',
    ])
    const { id } = await json('models', 'add', 'honest.safetensors', '--data', 'data')
    const deploy = ['models', 'deploy', id, '--champion', '--data', 'data', '--bundle', 'bare.safetensors']
    const deployed = await json(...deploy)
    assert.match(deployed.warnings.join(), /was not measured/)
    const shown = await json('models', 'show', id, '--data', 'data')
    assert.deepEqual([shown.role, shown.metrics, shown.training.frauds], ['champion', null, null])
  })
})
