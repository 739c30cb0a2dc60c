import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import { runIn, startShrike, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-commands-'))
const at = (name: string) => join(folder, name)

const start = (args: readonly string[], variables?: Readonly<Record<string, string>>) =>
  startShrike(folder, args, variables)

const run = (...args: string[]) => runIn(folder, args)

const succeed = (...args: string[]) => succeedIn(folder, args)

before(async () => {
  await succeed('simulate', '--rows', '3000', '--frauds', '60', '--seed', '3', '--out', 'cards.csv')
})
after(() => rmSync(folder, { recursive: true }))

describe('shrike train', () => {
  test('writes bundle and report, and prints nothing but JSON with --json', async () => {
    const { stdout } = await succeed(
      'train',
      'cards.csv',
      '--json',
      '--out',
      'a.safetensors',
      '--save-detector',
      'a.yaml',
    )
    const result = JSON.parse(stdout)
    assert.equal(result.rows, 600)
    assert.ok(result.averagePrecision > 0.3 && result.rocAuc > 0.8, stdout)
    assert.equal(result.confusion.tp + result.confusion.fn, result.frauds)
    assert.ok(existsSync(at('a.safetensors')) && readFileSync(at('a-report.html'), 'utf8').includes(result.bundle))
    assert.match(readFileSync(at('a.yaml'), 'utf8'), /label:\n\s+field: Class/)
  })

  test('warns, in the report too, where it is cheapest to alert on nothing, and of a policy that no score reaches', async () => {
    const quiet = ['--n-estimators', '20', '--no-leak-check', '--json', '--out', 'quiet.safetensors']
    const costs = ['--cost-false-positive', '1000', '--cost-false-negative', '0']
    const { stdout } = await succeed('train', 'cards.csv', ...costs, ...quiet)
    const told = JSON.parse(stdout).warnings.join()
    assert.match(
      told,
      /gives no alert on the rows that were held out to choose it on; it was chosen for the least cost/,
    )
    const detector = readFileSync('detectors/creditcard.yaml', 'utf8')
    writeFileSync(at('unreached.yaml'), `${detector}policy: { review: 1 }\n`)
    const unreached = await succeed('train', 'cards.csv', '--detector', 'unreached.yaml', ...quiet)
    const warning = /The policy approves every transaction, regardless of its score: its lowest threshold is 1,/
    assert.match(unreached.stderr, warning)
    assert.match(JSON.parse(unreached.stdout).warnings.join(), warning)
    assert.match(readFileSync(at('quiet-report.html'), 'utf8'), /The policy approves every transaction/)
  })

  test('refuses the label among the features, with its line in the file whatever is ignored', async () => {
    const features = '  - V1\n  - V2\n  - V3\n  - V4\n'
    writeFileSync(at('label.yaml'), `detector: d\ntransaction:\n  label: { field: Class }\nfeatures:\n${features}`)
    const { code, stderr } = await run(
      'train',
      'cards.csv',
      '--detector',
      'label.yaml',
      '--label',
      'V3',
      '--ignore',
      'V1',
    )
    assert.deepEqual([code, /label\.yaml:7: features\.1: the column "V3" is the label/.test(stderr)], [1, true], stderr)
  })

  test('gives the same bytes again, with the saved detector and any number of threads', async () => {
    for (const [out, threads] of [
      ['b.safetensors', '3'],
      ['c.safetensors', '1'],
    ]) {
      await succeed(
        'train',
        'cards.csv',
        '--n-estimators',
        '9',
        '--detector',
        'a.yaml',
        '--out',
        out,
        '--threads',
        threads,
      )
    }
    assert.ok(readFileSync(at('b.safetensors')).equals(readFileSync(at('c.safetensors'))))
    assert.equal(readFileSync(at('b-report.html'), 'utf8'), readFileSync(at('c-report.html'), 'utf8'))
  })

  test('writes no report with --no-report, and the same bundle', async () => {
    const few = ['cards.csv', '--n-estimators', '9', '--detector', 'a.yaml', '--json']
    const { stdout } = await succeed('train', ...few, '--no-report', '--out', 'bare.safetensors')
    assert.equal(JSON.parse(stdout).report, undefined)
    assert.ok(!existsSync(at('bare-report.html')))
    assert.ok(readFileSync(at('bare.safetensors')).equals(readFileSync(at('b.safetensors'))))
  })

  test('says what it has written where its report cannot be', async () => {
    // Too long for the name under which it is written first.
    const report = `${'r'.repeat(244)}.html`
    const few = ['cards.csv', '--n-estimators', '9', '--detector', 'a.yaml', '--no-leak-check']
    const { code, stderr } = await run('train', ...few, '--report', report, '--out', 'alone.safetensors')
    assert.equal(code, 1)
    assert.match(stderr, /could not be written, and is missing beside alone\.safetensors/)
    assert.ok(existsSync(at('alone.safetensors')))
  })

  test('follows the recipe to the letter: all training rows, no calibration, fraud above 0.5', async () => {
    const { stdout } = await succeed(
      'train',
      '--no-report',
      'cards.csv',
      '--preset',
      'recipe',
      '--json',
      '--out',
      'recipe.safetensors',
    )
    const { threshold } = JSON.parse(stdout)
    assert.equal(threshold, 0.5)
    const header = readFileSync(at('recipe.safetensors')).toString('latin1', 0, 60_000)
    assert.match(header, /\\"method\\":\\"none\\"/)
    assert.match(header, /\\"threshold\\":0.5,\\"inclusive\\":false/)
    assert.match(header, /\\"rows\\":2400,.{0,40}\\"calibrationRows\\":0/)
    // Options stand there with their defaults.
    assert.match(header, /\\"maxDepth\\":null,.{0,200}\\"nEstimators\\":100/)
  })

  test('writes a policy into the bundle of a detector that names no thresholds, and leaves another as it is', async () => {
    const { threshold, detector } = await readBundle(at('a.safetensors'))
    const { review, decline = 1 } = detector.policy ?? {}
    assert.equal(review, threshold.value)
    assert.ok(decline >= review && decline <= 1)
    const recipe = await readBundle(at('recipe.safetensors'))
    assert.deepEqual(recipe.detector.policy, { review: 0.5 + 2 ** -53 })

    writeFileSync(at('own.yaml'), `${readFileSync(at('a.yaml'), 'utf8')}policy: { decline: 0.7 }\n`)
    await succeed(
      'train',
      '--no-report',
      'cards.csv',
      '--detector',
      'own.yaml',
      '--n-estimators',
      '3',
      '--out',
      'own.safetensors',
    )
    assert.deepEqual((await readBundle(at('own.safetensors'))).detector.policy, { decline: 0.7 })
  })

  test('lets flags win over the detector file', async () => {
    const flags = ['--detector', 'a.yaml', '--ignore', 'V1,V2', '--save-detector', 'flags.yaml', '--n-estimators', '3']
    await succeed('train', '--no-report', 'cards.csv', ...flags, '--out', 'flags.safetensors')
    assert.match(readFileSync(at('a.yaml'), 'utf8'), /- V1\n\s+- V2\n/)
    assert.match(readFileSync(at('flags.yaml'), 'utf8'), /features:\n\s+- V3\n/)
  })

  test('takes a time without an offset for UTC, as the file reader does, whatever the zone of the machine', async () => {
    const days = Array.from({ length: 40 }, (_, day) => {
      const time = new Date(Date.UTC(2026, 0, 1 + day)).toISOString().replace('T', ' ').slice(0, 19)
      return `${time},${day % 7},${day % 3 === 0 ? 1 : 0}`
    })
    writeFileSync(at('days.csv'), ['timestamp,x,Class', ...days].join('\n'))
    const flags = ['--preset', 'recipe', '--test-from', '2026-01-21 00:00', '--json', '--out', 'days.safetensors']
    const { ended } = start(['train', '--no-report', 'days.csv', ...flags], { TZ: 'America/Los_Angeles' })
    const { stdout, stderr } = await ended
    assert.equal(JSON.parse(stdout).rows, 20, stderr)
  })

  test('chooses the threshold that was asked for, on other rows than the test', async () => {
    const wanted = JSON.parse(
      (
        await succeed(
          'train',
          '--no-report',
          'cards.csv',
          '--wanted-recall',
          '0.99',
          '--n-estimators',
          '20',
          '--json',
          '--out',
          'w.safetensors',
        )
      ).stdout,
    )
    const costs = ['--cost-false-positive', '100', '--cost-false-negative', 'amount']
    const cheapest = JSON.parse(
      (await succeed('train', 'cards.csv', ...costs, '--n-estimators', '20', '--json', '--out', 'm.safetensors'))
        .stdout,
    )
    assert.ok(wanted.threshold < cheapest.threshold, 'alerts that cost more are raised later')
    const { tp, fn } = wanted.confusion
    assert.ok(tp / (tp + fn) > 0.6, 'a threshold for a recall of 0.99 catches most')
    assert.match(readFileSync(at('m-report.html'), 'utf8'), /least cost/)
  })

  test('scores out of bag where it can, and says why where it cannot', async () => {
    const honest = [
      '--learner',
      'random-forest',
      '--oversample',
      'none',
      '--class-weight',
      'balanced',
      '--oob-score',
      '--n-estimators',
      '30',
    ]
    const { stdout } = await succeed(
      'train',
      '--no-report',
      'cards.csv',
      ...honest,
      '--json',
      '--out',
      'oob.safetensors',
    )
    assert.ok(JSON.parse(stdout).outOfBag.rocAuc > 0.8)
    const refused = await run(
      'train',
      'cards.csv',
      '--learner',
      'random-forest',
      '--oversample',
      '1',
      '--oob-score',
      '--out',
      'no.safetensors',
    )
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /OUT_OF_BAG_UNAVAILABLE/)
    assert.ok(!existsSync(at('no.safetensors')))
  })

  test('warns of a random split with equal rows on both sides', async () => {
    const lines = readFileSync(at('cards.csv'), 'utf8').trimEnd().split('\n')
    writeFileSync(at('twice.csv'), [...lines, ...lines.slice(1)].join('\n'))
    const { stderr } = await succeed(
      'train',
      '--no-report',
      'twice.csv',
      '--split',
      'random',
      '--n-estimators',
      '10',
      '--out',
      't.safetensors',
    )
    assert.match(stderr, /test rows .* equal a training row/)
    const again = await run('evaluate', 't.safetensors', 'twice.csv', '--json')
    assert.equal(JSON.parse(again.stdout).trainingRowsLeftOut, 4800)
    // Of another file of the same period nobody can say which rows training drew.
    const other = await run('evaluate', 't.safetensors', 'cards.csv')
    assert.deepEqual([other.code, /All 3000 rows/.test(other.stderr)], [1, true], other.stderr)
  })

  test('is stopped by Ctrl-C without leaving anything behind', async () => {
    const { child, ended } = start(['train', 'cards.csv', '--n-estimators', '20000', '--out', 'stopped.safetensors'])
    child.stderr?.on('data', (text: string) => {
      if (text.includes('read cards.csv')) setTimeout(() => child.kill('SIGINT'), 300)
    })
    const { code, stderr } = await ended
    assert.equal(code, 1)
    assert.match(stderr, /INTERRUPTED/)
    assert.ok(!existsSync(at('stopped.safetensors')) && !existsSync(at('stopped-report.html')))
  })

  test('says before it begins that what it would make has no place', async () => {
    for (const where of [
      ['--out', 'nowhere/x.safetensors'],
      ['--report', 'nowhere/x.html', '--out', 'x.safetensors'],
    ]) {
      const { code, stderr } = await run('train', 'cards.csv', ...where)
      assert.deepEqual(
        [code, /nowhere\/x\..*can't be written/.test(stderr), /read/.test(stderr)],
        [1, true, false],
        stderr,
      )
    }
    assert.ok(!existsSync(at('x.safetensors')))
  })

  test('names file, line, column and value of a bad cell, or skips and counts it', async () => {
    const lines = readFileSync(at('cards.csv'), 'utf8').split('\n')
    lines[2321] = lines[2321].replace(/^[^,]*,[^,]*/, '1,x7')
    writeFileSync(at('bad.csv'), lines.join('\n'))
    const failed = await run('train', 'bad.csv', '--out', 'bad.safetensors')
    assert.equal(failed.code, 1)
    assert.match(failed.stderr, /DATA_INVALID.*bad\.csv.*2322.*V1.*x7/)
    const skipped = await succeed(
      'train',
      'bad.csv',
      '--bad-rows',
      'skip',
      '--n-estimators',
      '5',
      '--out',
      'bad.safetensors',
    )
    assert.match(skipped.stderr, /1 bad row/)
  })
})

describe('shrike evaluate', () => {
  test('leaves out the rows of the training period, so that it repeats the figures of the training run', async () => {
    const trained = JSON.parse(
      (await succeed('train', 'cards.csv', '--n-estimators', '9', '--json', '--out', 'e.safetensors')).stdout,
    )
    const evaluated = JSON.parse(
      (await succeed('evaluate', 'e.safetensors', 'cards.csv', '--json', '--report', 'e.html')).stdout,
    )
    assert.equal(evaluated.trainingRowsLeftOut, 2400)
    assert.deepEqual(evaluated.confusion, trained.confusion)
    assert.equal(evaluated.averagePrecision, trained.averagePrecision)
    assert.deepEqual(evaluated.intervals, trained.intervals)
    assert.ok(existsSync(at('e.html')))
  })

  test('judges by a protocol what train would have made, an average included', async () => {
    const periods = ['--train', '1d', '--delay', '0s', '--test', '6h', '--folds', '1', '--seeds', '1', '--k', '5']
    const learnerOf = async (model: string, ...flags: string[]) => {
      writeFileSync(at('own.yaml'), `${readFileSync('detectors/creditcard.yaml', 'utf8')}${model}`)
      const given = ['cards.csv', '--detector', 'own.yaml', ...flags]
      const measured = JSON.parse(
        (await succeed('evaluate', '--protocol', 'prequential', ...given, ...periods, '--json')).stdout,
      )
      assert.ok(measured.mean.rocAuc > 0.7, JSON.stringify(measured))
      await succeed('train', '--no-report', ...given, '--no-leak-check', '--out', 'own.safetensors')
      const { learner } = await readBundle(at('own.safetensors'))
      assert.ok(measured.learner.startsWith(learner), measured.learner)
      return measured.learner
    }
    assert.equal(
      await learnerOf('', '--n-estimators', '9'),
      'gradient-boosting, nEstimators 9, learningRate 0.02, maxLeaves 15, minSamplesLeaf 50, regLambda 1, ' +
        'colsampleByTree 0.5 + random-forest, nEstimators 9, maxLeafNodes 200',
    )
    const forest = 'model: { learner: random-forest, nEstimators: 9, oversample: 0.2, scale: true }\n'
    assert.equal(await learnerOf(forest), 'random-forest, nEstimators 9, scaled, oversample 0.2')
    assert.match(
      await learnerOf(forest, '--preset', 'recipe', '--n-estimators', '5'),
      /^random-forest, nEstimators 5, sc/,
    )
    const average = 'model: { learner: random-forest, nEstimators: 9, average: [logistic-regression] }\n'
    assert.equal(await learnerOf(average), 'random-forest, nEstimators 9 + logistic-regression')
  })

  test('stops when no row is left, unless training rows are asked for', async () => {
    await succeed('train', '--no-report', 'cards.csv', '--refit', '--n-estimators', '10', '--out', 'refit.safetensors')
    const stopped = await run('evaluate', 'refit.safetensors', 'cards.csv')
    assert.equal(stopped.code, 1)
    assert.match(stopped.stderr, /All 3000 rows are from the bundle's training/)
    const flags = ['--include-training', '--json', '--report', 'all.html']
    const all = JSON.parse((await succeed('evaluate', 'refit.safetensors', 'cards.csv', ...flags)).stdout)
    assert.deepEqual([all.rows, all.includesTraining], [3000, true])
    const report = readFileSync(at('all.html'), 'utf8')
    assert.match(report, /training rows/i)
    assert.match(report, /shrike evaluate refit\.safetensors cards\.csv .*--include-training/)
  })
})

describe('shrike train with other learners', () => {
  test('averages models, and its bundle answers and is evaluated like any other', async () => {
    const average = ['--learner', 'gradient-boosting', '--average', 'random-forest,logistic-regression']
    const options = ['--n-estimators', '20', '--reg-lambda', '5', '--no-leak-check', '--json']
    const { stdout } = await succeed(
      'train',
      '--no-report',
      'cards.csv',
      ...average,
      ...options,
      '--out',
      'average.safetensors',
    )
    assert.ok(JSON.parse(stdout).averagePrecision > 0.3, stdout)
    const { model, options: kept } = await readBundle(at('average.safetensors'))
    assert.ok(model.kind === 'average' && model.members.length === 3)
    assert.deepEqual(
      (kept.members as { learner: string }[]).map(({ learner }) => learner),
      ['gradient-boosting', 'random-forest', 'logistic-regression'],
    )
    const { stdout: scored } = await succeed('score', 'average.safetensors', 'cards.csv')
    assert.equal(scored.trim().split('\n').length, 3001)
    const told = await succeed('explain', 'average.safetensors', 'cards.csv', '--row', '7', '--json')
    const { scale, base, output, contributions } = JSON.parse(told.stdout)
    const parts = contributions.reduce((sum: number, part: { contribution: number }) => sum + part.contribution, base)
    assert.ok(scale === 'log-odds' && Math.abs(parts - output) < 1e-9, told.stdout)
  })

  test('refuses an option that none of them has', async () => {
    const { code, stderr } = await run('train', 'cards.csv', '--learner', 'gradient-boosting', '--max-samples', '0.5')
    assert.deepEqual([code, /gradient-boosting has no option maxSamples/.test(stderr)], [2, true], stderr)
  })
})

describe('shrike import and explain', () => {
  const golden = JSON.parse(readFileSync('test/golden/vendor-models.json', 'utf8'))
  const { rows, probabilities } = golden.cases[0]
  // To a detector some of these names are kinds of features, and here all are columns.
  const names: string[] = golden.features.map((name: string) => `x_${name}`)
  const model: string = golden.cases[0].model.replace(golden.features.join(' '), names.join(' '))
  before(() => {
    const features = names.map((name) => `  - ${name}`).join('\n')
    writeFileSync(
      at('vendor.yaml'),
      `detector: vendor\ntransaction:\n  label: { field: fraud }\nfeatures:\n${features}\n`,
    )
    writeFileSync(at('vendor.txt'), model)
    const lines = rows.map((row: (number | null)[]) => row.map((value) => value ?? '').join())
    writeFileSync(at('vendor.csv'), [names.join(), ...lines].join('\n'))
  })

  test('review from the threshold up where the detector has no policy, and warn of one that only approves', async () => {
    const detector = readFileSync(at('vendor.yaml'), 'utf8')
    const importWith = async (policy: string, ...flags: string[]) => {
      writeFileSync(at('policy.yaml'), `${detector}${policy}`)
      const args = ['vendor.txt', '--detector', 'policy.yaml', '--out', 'policy.safetensors', ...flags]
      const { stdout, stderr } = await succeed('import', ...args)
      const bundle = await readBundle(at('policy.safetensors'))
      return { said: stdout + stderr, policy: bundle.detector.policy }
    }
    const usual = await importWith('')
    assert.deepEqual(usual.policy, { review: 0.5 })
    assert.match(usual.said, /policy {2}review from 0\.5 up, decline nothing/)
    const given = await importWith('policy: { whenUnavailable: decline }\n', '--threshold', '0.2')
    assert.deepEqual(given.policy, { whenUnavailable: 'decline', review: 0.2 })
    const own = await importWith('policy: { decline: 0.9 }\n')
    assert.deepEqual([own.policy, own.said.includes('policy  ')], [{ decline: 0.9 }, false])
  })

  test('make a bundle that answers as the model did, and say why', async () => {
    const { stdout } = await succeed('import', 'vendor.txt', '--detector', 'vendor.yaml', '--out', 'vendor.safetensors')
    assert.match(stdout, /lightgbm: 15 trees, 4 features/)
    const scored = (await succeed('score', 'vendor.safetensors', 'vendor.csv')).stdout.trim().split('\n').slice(1)
    scored.forEach((line, i) => {
      assert.ok(Math.abs(Number(line.split(',')[1]) - probabilities[i]) <= 1e-6, line)
    })
    const explained = await succeed(
      'explain',
      'vendor.safetensors',
      'vendor.csv',
      '--row',
      '7',
      '--json',
      '--out',
      'why.html',
    )
    const told = JSON.parse(explained.stdout)
    const sum = told.contributions.reduce(
      (all: number, each: { contribution: number }) => all + each.contribution,
      told.base,
    )
    assert.ok(Math.abs(1 / (1 + Math.exp(-sum)) - probabilities[7]) < 1e-6)
    const [{ feature, text, value }] = told.contributions
    assert.equal(value, rows[7][names.indexOf(feature)])
    assert.equal(text, `${feature} is ${Number(value.toPrecision(4))}`)
    const page = readFileSync(at('why.html'), 'utf8').replaceAll('<wbr>', '')
    assert.ok(page.includes(`>${text}</td>`), text)
    assert.match(page, /<h1>Why <span class="whole">row 7<\/span> is called/)
  })

  test('name what is wrong with a file, and write nothing', async () => {
    writeFileSync(at('cut.txt'), model.slice(0, 3000))
    for (const [file, reason] of [
      ['cut.txt', /MODEL_INVALID.*cut off/],
      ['cards.csv', /MODEL_INVALID.*neither JSON/],
      ['none.txt', /FILE_UNREADABLE/],
    ] as const) {
      const { code, stderr } = await run('import', file, '--detector', 'vendor.yaml', '--out', 'nothing.safetensors')
      assert.deepEqual([code, reason.test(stderr), existsSync(at('nothing.safetensors'))], [1, true, false], stderr)
    }
  })
})

describe('shrike score', () => {
  test('gives id, probability and prediction of each row in order, without a label', async () => {
    const [header, ...rows] = readFileSync(at('cards.csv'), 'utf8').trimEnd().split('\n')
    const withoutLabel = [header, ...rows.slice(0, 100)].map((line) => line.slice(0, line.lastIndexOf(',')))
    writeFileSync(at('new.csv'), withoutLabel.join('\n'))
    const { stdout } = await succeed('score', 'a.safetensors', 'new.csv')
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines[0], 'id,probability,prediction')
    assert.equal(lines.length, 101)
    lines.slice(1).forEach((line, row) => {
      const [id, probability, prediction] = line.split(',').map(Number)
      assert.equal(id, row)
      assert.ok(probability >= 0 && probability <= 1 && (prediction === 0 || prediction === 1))
    })
  })

  test('names a column that is missing', async () => {
    writeFileSync(at('narrow.csv'), 'V1,v2\n1,2\n')
    const { code, stderr } = await run('score', 'a.safetensors', 'narrow.csv')
    assert.equal(code, 1)
    assert.match(stderr, /DATA_INVALID.*V2/)
  })

  test('refuses a damaged bundle', async () => {
    const bytes = readFileSync(at('a.safetensors'))
    bytes[bytes.length >> 1] ^= 1
    writeFileSync(at('damaged.safetensors'), bytes)
    const { code, stderr } = await run('score', 'damaged.safetensors', 'new.csv')
    assert.equal(code, 1)
    assert.match(stderr, /BUNDLE_INVALID/)
  })
})

describe('wrong usage', () => {
  const wrong: readonly [string, readonly string[], RegExp][] = [
    ['a mistyped verb', ['trian', 'cards.csv'], /Did you mean train/],
    ['a mistyped flag', ['train', 'cards.csv', '--sed', '1'], /Did you mean --seed/],
    ['no file', ['train'], /Name a FILE/],
    ['a number that is none', ['train', 'cards.csv', '--seed', 'x'], /whole number/],
    ['a preset that does not exist', ['train', 'cards.csv', '--preset', 'best'], /recipe/],
    [
      'two ways to choose a threshold',
      ['train', 'cards.csv', '--wanted-recall', '0.9', '--wanted-precision', '0.9'],
      /one of/,
    ],
    ['half a cost', ['train', 'cards.csv', '--cost-false-positive', '1'], /belong together/],
    ['a test that leaves nothing to train on', ['train', 'cards.csv', '--test-from', '0'], /0 training rows/],
  ]
  for (const [what, args, reason] of wrong) {
    test(`${what} ends with 2 and a reason`, async () => {
      const { code, stdout, stderr } = await run(...args)
      assert.equal(code, 2, stderr)
      assert.match(stderr, reason)
      assert.equal(stdout.includes('average precision'), false)
    })
  }

  test('a mistyped column, file or ending ends with 1 and what was meant', async () => {
    const column = await run('train', 'cards.csv', '--label', 'Clas')
    assert.deepEqual([column.code, /Class/.test(column.stderr)], [1, true], column.stderr)
    const file = await run('train', 'card.csv')
    assert.deepEqual([file.code, /FILE_UNREADABLE.*card\.csv/.test(file.stderr)], [1, true], file.stderr)
    writeFileSync(at('cards.xls'), 'x')
    const ending = await run('train', 'cards.xls')
    assert.deepEqual([ending.code, /\.parquet/.test(ending.stderr)], [1, true], ending.stderr)
  })

  test('help ends with 0, and is what was asked for', async () => {
    const { code, stdout, stderr } = await run('train', '--help')
    assert.deepEqual([code, /Examples:/.test(stdout), stderr], [0, true, ''])
  })
})
