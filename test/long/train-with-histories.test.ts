import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import { runIn, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-histories-'))
const at = (name: string) => join(folder, name)
const detector = at('detector.yaml')

// The risk of terminals and cards, which is all that tells in this small portfolio, is known a week late.
const declared = `
detector: risks
transaction:
  id: transaction_id
  time: { field: time, format: iso }
  amount: { field: amount, digits: 2 }
  keys: { card: card_id, customer: customer_id, terminal: terminal_id }
  label: { field: is_fraud, delay: 7d }
features:
  - amount
  - night
  - count: { by: card, over: [1h, 1d, 7d] }
  - ratioToMean: { of: amount, by: customer, over: 7d }
  - firstSeen: { of: terminal, by: customer }
  - fraudRate: { by: terminal, over: [7d, 14d] }
  - fraudRate: { by: customer, over: [7d, 14d] }
`

const run = (...args: string[]) => runIn(folder, args)

const succeed = (...args: string[]) => succeedIn(folder, args)

const train = (file: string, out: string, ...more: string[]) =>
  succeed('train', file, '--n-estimators', '20', '--out', out, '--json', '--detector', detector, ...more)

before(async () => {
  writeFileSync(detector, declared)
  const size = ['--customers', '300', '--terminals', '360', '--days', '45', '--seed', '5']
  await succeed('simulate', '--shape', 'portfolio', ...size, '--out', 'cards.csv')
})
after(() => rmSync(folder, { recursive: true }))

describe('a detector with histories', () => {
  test('trains on rows whose labels were known, and shows what a leak would have shown', async () => {
    const { stdout, stderr } = await train('cards.csv', 'a.safetensors')
    const { leakCheck, averagePrecision, warnings } = JSON.parse(stdout)
    assert.match(stderr, /[\d,]+ rows before the test had labels that were not known when it began/)
    assert.ok(averagePrecision > 0.1, `${averagePrecision}`)
    assert.ok(leakCheck.undelayedLabel.averagePrecision > leakCheck.honest.averagePrecision + 0.1, stdout)
    assert.match(
      stderr,
      /Labels without delay would be optimistic: a small forest shows average precision 0\.\d+ instead/,
    )
    assert.deepEqual(leakCheck.suspicious, [])
    assert.ok(!warnings.some((warning: string) => warning.includes('almost perfectly')))
  })

  test('gives the same bundle from a file in any order', async () => {
    const [header, ...rows] = readFileSync(at('cards.csv'), 'utf8').trimEnd().split('\n')
    // Rows of one second keep their order: it is their sequence.
    const keyed = rows.map((row, i) => ({ row, key: `${row.split(',')[1]}`, i }))
    const shuffled = keyed.toSorted(
      (one, other) => (one.key.slice(14) < other.key.slice(14) ? -1 : 1) || one.i - other.i,
    )
    shuffled.sort((one, other) => (one.key.slice(14, 19) === other.key.slice(14, 19) ? one.i - other.i : 0))
    writeFileSync(at('shuffled.csv'), [header, ...shuffled.map(({ row }) => row), ''].join('\n'))
    const { stderr } = await train('shuffled.csv', 'b.safetensors', '--no-leak-check')
    assert.match(stderr, /not in the order of their times/)
    await train('cards.csv', 'c.safetensors', '--no-leak-check', '--threads', '1')
    assert.ok(readFileSync(at('b.safetensors')).equals(readFileSync(at('c.safetensors'))))
  })

  test('scores what `features` shows, row for row', async () => {
    await succeed('score', 'a.safetensors', 'cards.csv', '--out', 'scores.csv')
    await succeed('features', 'cards.csv', '--detector', detector, '--out', 'rows.csv')
    const [, ...scores] = readFileSync(at('scores.csv'), 'utf8').trimEnd().split('\n')
    const [header, ...rows] = readFileSync(at('rows.csv'), 'utf8').trimEnd().split('\n')
    assert.equal(scores.length, rows.length)
    assert.equal(header.split(',')[1], 'amount')
    for (const [i, row] of rows.entries()) assert.equal(row.split(',')[0], scores[i].split(',')[0])
    // A model of flat columns with the same trees would be shown these rows: the id, then the inputs.
    assert.equal(
      header.split(',').length,
      1 +
        JSON.parse(
          (await succeed('features', 'cards.csv', '--detector', detector, '--out', 'rows.csv', '--json')).stdout,
        ).features.length,
    )
  })

  test('is evaluated on rows outside its training period and the label gap only, as training did', async () => {
    const trained = JSON.parse((await train('cards.csv', 'b.safetensors', '--no-leak-check')).stdout)
    const { stdout, stderr } = await succeed(
      'evaluate',
      'a.safetensors',
      'cards.csv',
      '--json',
      '--report',
      'again.html',
    )
    const result = JSON.parse(stdout)
    const { split, rows } = (await readBundle(at('a.safetensors'))).training
    assert.ok(split.by === 'time' && split.testFrom !== undefined && split.unknownThen !== undefined)
    const times = readFileSync(at('cards.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => Date.parse(line.split(',')[1]))
    const { to, testFrom } = split
    const gap = times.filter((time) => time > to && time < testFrom).length
    assert.ok(gap > 1000 && gap === split.unknownThen, `${gap}`)
    assert.deepEqual(
      [result.trainingRowsLeftOut, result.labelGapRowsLeftOut, result.includesTraining],
      [rows, gap, false],
    )
    assert.equal(result.rows, times.length - rows - gap)
    for (const figure of ['rows', 'frauds', 'averagePrecision', 'rocAuc', 'policy'])
      assert.deepEqual(result[figure], trained[figure], figure)
    const said = `${gap.toLocaleString('en')} rows of the label gap were left out: .* not known when the test began`
    assert.match(stderr, new RegExp(said))
    const report = readFileSync(at('again.html'), 'utf8')
    assert.match(report, new RegExp(`${gap.toLocaleString('en')} rows before the test`))
    const all = await succeed(
      'evaluate',
      'a.safetensors',
      'cards.csv',
      '--json',
      '--include-training',
      '--no-leak-check',
    )
    assert.equal(JSON.parse(all.stdout).rows, times.length)
    assert.ok(result.leakCheck.undelayedLabel.averagePrecision > result.averagePrecision, stdout)
  })

  test('says of a row that it explains what it was to training', async () => {
    const [header, ...lines] = readFileSync(at('cards.csv'), 'utf8').trimEnd().split('\n')
    const { split } = (await readBundle(at('a.safetensors'))).training
    assert.ok(split.by === 'time' && split.testFrom !== undefined)
    const { from, to, testFrom } = split
    const rowAt = (test: (time: number) => boolean) => lines.findIndex((line) => test(Date.parse(line.split(',')[1])))
    for (const [row, part, said] of [
      [rowAt((time) => time === from), 'training', /in the period that the bundle was trained on/],
      [rowAt((time) => time > to), 'labelGap', /in the label gap: its label was not known when the test began/],
      [rowAt((time) => time >= testFrom), undefined, undefined],
    ] as const) {
      const files = ['explain', 'a.safetensors', 'cards.csv', '--out', 'why.html', '--force']
      const { stdout, stderr } = await succeed(...files, '--row', `${row}`, '--json')
      const { trainingPart, note } = JSON.parse(stdout)
      assert.equal(trainingPart, part)
      const page = readFileSync(at('why.html'), 'utf8')
      if (said === undefined) assert.deepEqual([note, /label gap|trained on/.test(page + stderr)], [undefined, false])
      else for (const text of [note, stderr, page]) assert.match(text, said)
    }
    const gap = lines.filter((line) => Date.parse(line.split(',')[1]) > to && Date.parse(line.split(',')[1]) < testFrom)
    writeFileSync(at('gap.csv'), [header, ...gap, ''].join('\n'))
    const { code, stderr } = await run('evaluate', 'a.safetensors', 'gap.csv')
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`All ${gap.length} rows .* in its label gap.* none left to evaluate`))
  })

  test('that lists what is known only afterwards is told so', async () => {
    const prompt = readFileSync(detector, 'utf8').replace(', delay: 7d }', ' }')
    const leaking = prompt.replace('features:\n', 'features:\n  - scenario\n')
    writeFileSync(at('leaking.yaml'), leaking)
    const few = ['cards.csv', '--n-estimators', '5', '--detector', 'leaking.yaml']
    const out = ['--out', 'leaking.safetensors', '--save-detector', 'saved.yaml', '--json']
    const found = 'scenario alone separates fraud almost perfectly \\(ROC AUC 1\\.000, average precision 1\\.000\\)'
    const journal = ['--trials', '2', '--journal', 'leaking.ndjson']
    for (const args of [
      ['train', ...few, ...out],
      ['train', ...few, ...out, '--no-leak-check', '--split', 'random'],
      ['tune', ...few.filter((each) => each !== '--n-estimators' && each !== '5'), ...out, ...journal],
      ['evaluate', '--protocol', 'prequential', ...few],
    ]) {
      const { code, stderr, stdout } = await run(...args)
      assert.deepEqual([code, stdout], [1, ''], stderr)
      assert.match(stderr, new RegExp(`error LEAK_SUSPECTED: ${found}\\..*--allow-leak scenario$`, 'm'))
    }
    for (const name of ['leaking.safetensors', 'leaking-report.html', 'saved.yaml', 'leaking.ndjson']) {
      assert.equal(existsSync(at(name)), false, name)
    }
    const misspelt = await run('train', ...few, ...out, '--allow-leak', 'scenaro')
    assert.equal(misspelt.code, 2)
    assert.match(misspelt.stderr, /--allow-leak scenaro: there is no feature of that name\. Did you mean "scenario"\?/)
    const allowed = await succeed('train', ...few, ...out, '--allow-leak', 'amount', '--allow-leak', 'scenario')
    const { warnings, leakCheck } = JSON.parse(allowed.stdout)
    assert.match(warnings.join('\n'), /treat every label as known at once/)
    assert.match(warnings.join('\n'), new RegExp(`${found}: is it really known when the transaction happens\\?`))
    assert.deepEqual(
      leakCheck.suspicious.map(({ feature }: { feature: string }) => feature),
      ['scenario'],
    )
    const report = readFileSync(at('leaking-report.html'), 'utf8')
    assert.match(report, /--allow-leak amount --allow-leak scenario/)
    const evaluated = await succeed('evaluate', 'leaking.safetensors', 'cards.csv')
    assert.match(evaluated.stderr, new RegExp(found))
  })

  test('is evaluated prequentially, with money and intervals', async () => {
    const periods = ['--train', '14d', '--delay', '7d', '--test', '7d', '--folds', '2', '--seeds', '1', '--k', '20']
    const more = ['--n-estimators', '20', '--detector', detector]
    const { stdout } = await succeed(
      'evaluate',
      '--protocol',
      'prequential',
      'cards.csv',
      ...periods,
      ...more,
      '--json',
    )
    const { folds, mean } = JSON.parse(stdout)
    assert.equal(folds.length, 2)
    for (const fold of folds) {
      assert.ok(fold.money.caught <= fold.money.fraud && fold.money.shareCaught > 0)
      assert.ok(fold.intervals.averagePrecision.lower <= fold.averagePrecision)
      assert.ok(fold.trainingRows > 0 && fold.testFrauds > 0)
    }
    assert.equal(mean.averagePrecision, (folds[0].averagePrecision + folds[1].averagePrecision) / 2)
  })

  test('refuses wrong use of protocols with exit code 2', async () => {
    for (const [args, reason] of [
      [
        ['--protocol', 'prequential', 'cards.csv', '--detector', detector, '--folds', '20'],
        /need 1\d\d days, and the data cover/,
      ],
      [['--protocol', 'prequential', 'cards.csv', '--detector', detector, '--train', '7'], /--train: 7 needs a unit/],
      [['--protocol', 'handbook', 'a.safetensors', 'cards.csv'], /name no bundle/],
      [['a.safetensors', 'cards.csv', '--train', '3d'], /--train has no meaning without --protocol/],
      [['--protocol', 'handbook', 'cards.csv', '--k', '5'], /--k has no meaning with --protocol handbook/],
      [['a.safetensors'], /Name a bundle and a file/],
      [
        ['--protocol', 'prequential', 'cards.csv', '--detector', detector, '--by', 'wallet'],
        /--by wallet: the detector's keys are card/,
      ],
    ] as const) {
      const { code, stderr } = await run('evaluate', ...args)
      assert.equal(code, 2, stderr)
      assert.match(stderr, reason)
    }
  })
})
