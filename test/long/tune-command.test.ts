import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import { runIn, startShrike, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-tune-'))
const at = (name: string) => join(folder, name)
const text = (name: string) => readFileSync(at(name), 'utf8')
const run = (...args: string[]) => runIn(folder, args)
const succeed = (...args: string[]) => succeedIn(folder, args)

const space = `
learner: [gradient-boosting, random-forest]
space:
  gradient-boosting:
    nEstimators: [5, 10]
    maxLeaves: { from: 4, to: 16, whole: true }
  random-forest:
    nEstimators: [3, 5]
    oversample: [0.01, 0.1]
    minSamplesLeaf: { from: 1, to: 20, scale: log, whole: true }
`

const tune = (out: string, ...more: string[]) => [
  'tune',
  'cards.csv',
  '--space',
  'space.yaml',
  '--detector',
  'small.yaml',
  '--no-leak-check',
  '--out',
  `${out}.safetensors`,
  ...more,
]

before(async () => {
  await succeed('simulate', '--rows', '3000', '--frauds', '60', '--seed', '3', '--out', 'cards.csv')
  writeFileSync(at('space.yaml'), space)
  const model = 'model: { learner: gradient-boosting, nEstimators: 20, regLambda: 10 }'
  writeFileSync(at('small.yaml'), `${readFileSync('detectors/creditcard.yaml', 'utf8')}${model}\n`)
  await succeed(...tune('whole', '--trials', '10', '--json', '--save-detector', 'tuned.yaml'))
})
after(() => rmSync(folder, { recursive: true }))

describe('shrike tune', () => {
  test('writes a bundle that says how its options were found, a report that shows it, and a detector with them', async () => {
    const { tuning, detector, options } = await readBundle(at('whole.safetensors'))
    assert.ok(tuning !== undefined)
    assert.deepEqual([tuning.trials, tuning.objective, tuning.folds.folds], [10, 'average-precision', 3])
    assert.ok(tuning.failed > 0, 'the ratio 0.01 is under what the rows have')
    assert.ok(tuning.current !== undefined && tuning.winner.mean >= tuning.current.mean)
    assert.equal(detector.model?.nEstimators, options.nEstimators)
    assert.match(text('tuned.yaml'), new RegExp(`learner: ${detector.model?.learner}`))
    const report = text('whole-report.html')
    for (const id of [
      'search',
      'search-progress',
      'search-folds',
      'search-random-forest',
      'search-gradient-boosting',
    ]) {
      assert.ok(report.includes(`id="${id}"`), id)
    }
    assert.match(report, /shrike tune cards\.csv .*--trials 10/)
  })

  test('gives the same bytes again, stopped and resumed or not', async () => {
    const stopped = JSON.parse((await succeed(...tune('again', '--trials', '5', '--json'))).stdout)
    assert.equal(stopped.tuning.trials, 5)
    const { stdout } = await succeed(...tune('again', '--trials', '10', '--json', '--threads', '1'))
    assert.equal(text('again-tuning.ndjson'), text('whole-tuning.ndjson'))
    assert.ok(readFileSync(at('again.safetensors')).equals(readFileSync(at('whole.safetensors'))))
    assert.equal(text('again-report.html'), text('whole-report.html'))
    const { tuning, averagePrecision } = JSON.parse(stdout)
    assert.ok(averagePrecision > 0.3 && tuning.gain.folds === 3, stdout)
    // Fewer trials than the journal has: the best of the first.
    await succeed(...tune('again', '--trials', '5', '--json'))
    assert.equal((await readBundle(at('again.safetensors'))).tuning?.trials, 5)
  })

  test('trains the winner as train does', async () => {
    const trained = JSON.parse(
      (
        await succeed(
          'train',
          'cards.csv',
          '--detector',
          'tuned.yaml',
          '--no-leak-check',
          '--json',
          '--out',
          'same.safetensors',
        )
      ).stdout,
    )
    const [tuned, plain] = [await readBundle(at('whole.safetensors')), await readBundle(at('same.safetensors'))]
    assert.deepEqual(tuned.metrics, plain.metrics)
    assert.equal(trained.averagePrecision, tuned.metrics?.averagePrecision)
    assert.equal(plain.tuning, undefined)
  })

  test('stops at Ctrl-C with what is done, and goes on from there', async () => {
    const { child, ended } = startShrike(folder, tune('stopped', '--trials', '10'))
    child.stderr?.on('data', (said: string) => {
      if (said.includes('trial 2, number 3 of 10')) child.kill('SIGINT')
    })
    const { code, stderr } = await ended
    assert.equal(code, 1)
    assert.match(
      stderr,
      /INTERRUPTED: Stopped; the \d+ finished trials are kept in stopped-tuning\.ndjson.*--trials \d+/,
    )
    assert.ok(!existsSync(at('stopped.safetensors')))
    const kept = text('stopped-tuning.ndjson')
    assert.ok(text('whole-tuning.ndjson').startsWith(kept) && kept.split('\n').length >= 5)
    await succeed(...tune('stopped', '--trials', '10'))
    assert.equal(text('stopped-tuning.ndjson'), text('whole-tuning.ndjson'))
  })

  test('goes on where options and learners of the space are in another order', async () => {
    const reordered = `
space:
  random-forest:
    minSamplesLeaf: { whole: true, to: 20, from: 1, scale: log }
    oversample: [0.01, 0.1]
    nEstimators: [3, 5]
  gradient-boosting:
    maxLeaves: { from: 4, to: 16, whole: true }
    nEstimators: [5, 10]
learner: [random-forest, gradient-boosting]
`
    writeFileSync(at('reordered.yaml'), reordered)
    writeFileSync(at('order-tuning.ndjson'), `${text('whole-tuning.ndjson').split('\n').slice(0, 6).join('\n')}\n`)
    await succeed(...tune('order', '--trials', '10').with(3, 'reordered.yaml'))
    assert.equal(text('order-tuning.ndjson'), text('whole-tuning.ndjson'))
    assert.ok(readFileSync(at('order.safetensors')).equals(readFileSync(at('whole.safetensors'))))
  })

  test('ends after its minutes, and always judges the current choice', async () => {
    const { stdout } = await succeed(...tune('minutes', '--minutes', '0.0001', '--json'))
    assert.deepEqual(JSON.parse(stdout).tuning.trials, 1)
    assert.ok(text('whole-tuning.ndjson').startsWith(text('minutes-tuning.ndjson')))
    assert.match(text('minutes-report.html'), /--trials 1/)
  })

  test('never looks at the test period', async () => {
    const lines = text('cards.csv').trimEnd().split('\n')
    // Other labels in the last tenth, which is all test: what is searched must not change.
    const flipped = lines.map((line, i) =>
      i > 0.9 * lines.length && i % 7 === 0 ? line.replace(/,[01]$/, ',1') : line,
    )
    writeFileSync(at('flipped.csv'), flipped.join('\n'))
    await succeed(...tune('flipped', '--trials', '5').with(1, 'flipped.csv'))
    const trials = (name: string) => text(name).split('\n').slice(1, 6)
    assert.deepEqual(trials('flipped-tuning.ndjson'), trials('whole-tuning.ndjson'))
  })

  test('takes log loss for its objective', async () => {
    const { stdout } = await succeed(...tune('loss', '--trials', '4', '--objective', 'log-loss', '--json'))
    const { tuning } = JSON.parse(stdout)
    const means = text('loss-tuning.ndjson')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line).mean)
    assert.equal(tuning.winner.mean, Math.min(...means.filter((mean) => mean !== undefined)))
  })

  const wrong: readonly [string, readonly string[], number, RegExp][] = [
    [
      'another search with the same journal',
      ['--trials', '3', '--seed', '7'],
      1,
      /JOURNAL_INVALID.*seed \(42 there, 7 now\), trainingSeed \(42.*--journal/,
    ],
    ['card precision without a key', ['--objective', 'card-precision'], 2, /needs a detector that declares a key/],
    ['an objective that does not exist', ['--objective', 'recall'], 2, /average-precision/],
    ['folds that do not fit', ['--train', '60d'], 2, /No 3 folds fit: .*--train/],
    ['a time that is none', ['--test', '5'], 2, /--test: 5 needs a unit/],
    ['no minutes', ['--minutes', '0'], 2, /above 0/],
    ['a space file that is not there', ['--space', 'none.yaml'], 1, /FILE_UNREADABLE.*none\.yaml/],
    ['a random split', ['--split', 'random'], 2, /unknown option/],
  ]
  for (const [what, args, exit, reason] of wrong) {
    test(`refuses ${what}`, async () => {
      const { code, stderr } = await run(...tune('whole', ...args))
      assert.deepEqual([code, reason.test(stderr)], [exit, true], stderr)
    })
  }

  test('names line, path and reason of what is wrong with a space', async () => {
    writeFileSync(at('bad.yaml'), space.replace('maxLeaves', 'maxLeafs').replace('[3, 5]', '[3, 0]'))
    const { code, stderr } = await run(...tune('bad', '--space', 'bad.yaml'))
    assert.equal(code, 1)
    assert.match(stderr, /bad\.yaml:6: space\.gradient-boosting\.maxLeafs: .*Did you mean "maxLeaves"/)
    assert.match(stderr, /bad\.yaml:8: space\.random-forest\.nEstimators\.1: /)
    assert.ok(!existsSync(at('bad-tuning.ndjson')))
  })
})

describe('shrike tune with histories and late labels', () => {
  const detector = `
detector: risks
transaction:
  id: transaction_id
  time: { field: time, format: iso }
  amount: { field: amount, digits: 2 }
  keys: { card: card_id, terminal: terminal_id }
  label: { field: is_fraud, delay: 7d }
features:
  - amount
  - count: { by: card, over: [1d, 7d] }
  - fraudRate: { by: terminal, over: 14d }
model: { learner: gradient-boosting, nEstimators: 20, average: [random-forest] }
`

  test('judges by card precision, with the delay of the labels between training and test', async () => {
    writeFileSync(at('risks.yaml'), detector)
    const size = ['--customers', '400', '--terminals', '500', '--days', '60', '--seed', '5']
    await succeed('simulate', '--shape', 'portfolio', ...size, '--out', 'risks.csv')
    const what = ['tune', 'risks.csv', '--detector', 'risks.yaml', '--trials', '3', '--folds', '2', '--no-leak-check']
    const objective = ['--objective', 'card-precision', '--k', '10', '--out', 'risks.safetensors', '--json']
    const { stdout, stderr } = await succeed(...what, ...objective)
    const { tuning } = JSON.parse(stdout)
    assert.deepEqual([tuning.k, tuning.folds.delayMs, tuning.winner.folds.length], [10, 7 * 86_400_000, 2])
    assert.ok(tuning.winner.mean > 0 && tuning.winner.mean <= 1, stdout)
    assert.match(stderr, /the average that is used now is trial 0/)
    const [current, ...others] = text('risks-tuning.ndjson')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line).model)
    assert.deepEqual(
      current.members.map(({ learner }: { learner: string }) => learner),
      ['gradient-boosting', 'random-forest'],
    )
    assert.ok(others.every(({ learner }) => learner === 'gradient-boosting'))
  })
})
