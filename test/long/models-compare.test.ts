import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Comparison } from '../../src/backtest/compare-models.ts'
import { formatYaml } from '../../src/core/yaml-file.ts'
import { policySchema } from '../../src/decisioning/policy-definition.ts'
import { outcomes } from '../../src/detector/detector-schema.ts'
import { loadModel } from '../../src/scoring/load-predictor.ts'
import { type ExportedRow, truthOf } from '../brute-backtest.ts'
import { readRows } from '../csv-rows.ts'
import { shopDetector, writeDecidedLog } from '../decided-log.ts'
import { runIn, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-compare-'))
const transactions = 4000
const dayMs = 86_400_000
const [a, b] = ['a.safetensors', 'b.safetensors']
let rows: readonly ExportedRow[] = []

before(async () => {
  const policy = policySchema.parse({
    thresholds: { review: 0.5, decline: 0.65 },
    segments: [{ name: 'large', when: 'amount > 100.0', thresholds: { review: 0.45 } }],
  })
  const changes = [{ before: 0, change: { kind: 'policy' as const, policy } }]
  const log = { path: join(folder, 'data'), transactions, seed: 5, perDay: 200 }
  await writeDecidedLog({ ...log, legitimateLabels: 5, heldLabels: 50, changes })
  await succeedIn(folder, ['log', 'export', '--data', 'data', '--out', 'export.csv'])
  rows = readRows(join(folder, 'export.csv'))
  const train = ['train', '--from-log', '--data', 'data', '--learner']
  await succeedIn(folder, [...train, 'gradient-boosting', '--n-estimators', '20', '--out', a])
  await succeedIn(folder, [...train, 'logistic-regression', '--out', b])
})
after(() => rmSync(folder, { recursive: true, force: true }))

async function compare(...flags: readonly string[]): Promise<Comparison> {
  const { stdout } = await succeedIn(folder, ['models', 'compare', ...flags, '--json'])
  return JSON.parse(stdout)
}

/** A bundle's scores of the rows that were exported, as a script would make them. */
async function scoresOf(bundle: string, of = rows): Promise<readonly number[]> {
  const { predictor } = await loadModel(join(folder, bundle))
  const names = predictor.inputs.map((name) => (name === 'AMOUNT' ? 'AMOUNT_feature' : name))
  return of.map((row) => {
    const values = names.map((name) => (row[name] === '' ? Number.NaN : Number(row[name])))
    return predictor.predict(Float64Array.from(values)).probability
  })
}

function outcomeOf(score: number, { AMOUNT }: ExportedRow): string {
  if (Number(AMOUNT) > 100) return score >= 0.45 ? 'review' : 'approve'
  if (score >= 0.65) return 'decline'
  return score >= 0.5 ? 'review' : 'approve'
}

/** The mean over the frauds of the share of fraud among those that score as high or higher. */
function bruteAveragePrecision(labelled: readonly { readonly score: number; readonly isFraud: boolean }[]): number {
  const frauds = labelled.filter(({ isFraud }) => isFraud)
  const precisions = frauds.map(({ score }) => {
    const above = labelled.filter((each) => each.score >= score)
    return above.filter(({ isFraud }) => isFraud).length / above.length
  })
  return precisions.reduce((sum, precision) => sum + precision, 0) / frauds.length
}

/** The exported transactions as lines of a file. */
function linesOf(isLabelled: boolean): readonly string[] {
  return rows.map(({ id, timestamp, AMOUNT, CARD, DEVICE, COUNTRY, is_fraud: isFraud }) => {
    const label = isFraud === '1' ? 1 : 0
    return [id, Date.parse(timestamp), AMOUNT, CARD, DEVICE, COUNTRY, ...(isLabelled ? [label] : [])].join(',')
  })
}

/** What the truth of a transaction costs in log loss, scores being kept from 0 and 1 as far as a double can tell. */
function surpriseOf({ score, isFraud }: { readonly score: number; readonly isFraud: boolean }): number {
  const certain = Math.min(Math.max(score, Number.EPSILON), 1 - Number.EPSILON)
  return -Math.log(isFraud ? certain : 1 - certain)
}

/** By products of pairs alone: the covariance is half the mean product of differences over all pairs. */
function brutePearson(a: readonly number[], b: readonly number[]): number {
  const over = (one: readonly number[], other: readonly number[]) => {
    let sum = 0
    for (let i = 0; i < one.length; i++) for (let j = 0; j < i; j++) sum += (one[i] - one[j]) * (other[i] - other[j])
    return sum
  }
  return over(a, b) / Math.sqrt(over(a, a) * over(b, b))
}

const near = (found: number | null, expected: number) => assert.ok(Math.abs((found ?? Number.NaN) - expected) < 1e-9)

describe('models compare', () => {
  test('figures are those of a script over the exported log', async () => {
    const comparison = await compare(a, b, '--data', 'data', '--replicates', '200', '--include-training')
    const scores = [await scoresOf(a), await scoresOf(b)]
    assert.equal(comparison.transactions, transactions)
    for (const first of outcomes) {
      for (const second of outcomes) {
        const here = rows.filter(
          (row, i) => outcomeOf(scores[0][i], row) === first && outcomeOf(scores[1][i], row) === second,
        )
        const cell = comparison.outcomes.find((each) => each.a === first && each.b === second)
        assert.equal(cell?.transactions ?? 0, here.length, `${first} ${second}`)
        near(
          cell?.amount ?? 0,
          here.reduce((sum, { AMOUNT }) => sum + Number(AMOUNT), 0),
        )
      }
    }
    const differing = comparison.outcomes.filter((cell) => cell.a !== cell.b)
    assert.ok(differing.reduce((sum, cell) => sum + cell.transactions, 0) > 100)
    const matureMs = Math.max(...rows.map(({ timestamp }) => Date.parse(timestamp))) - 7 * dayMs
    const labelled = rows.flatMap((row, i) => {
      const truth = truthOf(row, matureMs)
      return truth === 'fraud' || truth === 'legitimate' ? [{ isFraud: truth === 'fraud', i }] : []
    })
    const { labels } = comparison
    assert.ok(labels && labels.frauds > 50)
    assert.equal(labels.transactions, labelled.length)
    const { metrics } = labels
    for (const [side, name] of (['a', 'b'] as const).entries()) {
      const threshold = comparison[name].threshold ?? Number.NaN
      const told = labelled.map(({ isFraud, i }) => ({ isFraud, score: scores[side][i] }))
      near(metrics.averagePrecision[name], bruteAveragePrecision(told))
      const squares = told.reduce((sum, { isFraud, score }) => sum + (score - Number(isFraud)) ** 2, 0)
      near(metrics.brier[name], squares / told.length)
      near(metrics.logLoss[name], told.reduce((sum, row) => sum + surpriseOf(row), 0) / told.length)
      const caught = told.filter(({ isFraud, score }) => isFraud && score >= threshold).length
      near(metrics.recall[name], caught / labels.frauds)
      near(metrics.precision[name], caught / told.filter(({ score }) => score >= threshold).length)
      const meanScore = told.reduce((sum, { score }) => sum + score, 0) / told.length
      near(labels.calibration[name].ratio, (meanScore * told.length) / labels.frauds)
    }
    for (const { a: first, b: second, difference } of Object.values(metrics)) {
      assert.ok(difference && first !== null && second !== null)
      near(difference.value, second - first)
      assert.ok(difference.lower < difference.value && difference.value < difference.upper)
    }
    near(comparison.scores?.pearson ?? null, brutePearson(scores[0], scores[1]))
    assert.deepEqual(comparison.segments.map(({ name, transactions: count }) => [name, count]).sort(), [
      ['large', rows.filter(({ AMOUNT }) => Number(AMOUNT) > 100).length],
      ['no segment', rows.filter(({ AMOUNT }) => Number(AMOUNT) <= 100).length],
    ])
  })

  test('what a control group let pass counts for what it stands for', async () => {
    const policy = policySchema.parse({ thresholds: { decline: 0.4 }, controlGroup: { share: 0.3, upTo: 1_000_000 } })
    const changes = [{ before: 0, change: { kind: 'policy' as const, policy } }]
    const path = join(folder, 'controlled')
    await writeDecidedLog({ path, transactions: 3000, seed: 6, perDay: 200, heldLabels: 40, changes })
    await succeedIn(folder, ['log', 'export', '--data', 'controlled', '--out', 'controlled.csv'])
    const of = readRows(join(folder, 'controlled.csv'))
    const matureMs = Math.max(...of.map(({ timestamp }) => Date.parse(timestamp))) - 7 * dayMs
    const counted = of.flatMap((row, i) => {
      const truth = truthOf(row, matureMs)
      const isBeside = row.would_be !== '' && row.outcome === row.would_be
      if ((truth !== 'fraud' && truth !== 'legitimate') || isBeside) return []
      return [{ isFraud: truth === 'fraud', i, weight: row.would_be === '' ? 1 : 1 / Number(row.propensity) }]
    })
    assert.ok(counted.filter(({ weight }) => weight > 3).length > 30)
    const flags = ['--data', 'controlled', '--replicates', '100', '--include-training']
    const { labels } = await compare(a, b, ...flags)
    const sum = (each: readonly { readonly weight: number }[]) => each.reduce((all, { weight }) => all + weight, 0)
    const frauds = counted.filter(({ isFraud }) => isFraud)
    assert.equal(labels?.transactions, counted.length)
    near(labels?.weighted?.frauds ?? null, sum(frauds))
    for (const [side, bundle] of [a, b].entries()) {
      const scores = await scoresOf(bundle, of)
      const precisionAt = (at: number) => {
        const above = counted.filter(({ i }) => scores[i] >= scores[at])
        return sum(above.filter(({ isFraud }) => isFraud)) / sum(above)
      }
      const precision = frauds.reduce((all, { i, weight }) => all + weight * precisionAt(i), 0) / sum(frauds)
      const { metrics } = labels ?? assert.fail('there are labels')
      near(metrics.averagePrecision[side === 0 ? 'a' : 'b'], precision)
      const squares = counted.reduce(
        (all, { i, weight, isFraud }) => all + weight * (scores[i] - Number(isFraud)) ** 2,
        0,
      )
      near(metrics.brier[side === 0 ? 'a' : 'b'], squares / sum(counted))
    }
  })

  test('says that scores of what learned without labels are no probabilities', async () => {
    const flags = ['--learner', 'isolation-forest', '--out', 'forest.safetensors']
    writeFileSync(join(folder, 'bare.csv'), ['ID,AT,AMOUNT,CARD,DEVICE,COUNTRY', ...linesOf(false)].join('\n'))
    writeFileSync(join(folder, 'shop.yaml'), formatYaml(shopDetector))
    await succeedIn(folder, ['train', 'bare.csv', '--detector', 'shop.yaml', ...flags])
    const { notes, labels } = await compare('forest.safetensors', b, '--data', 'data', '--include-training')
    assert.ok(labels !== null && notes.some((note) => note.includes('learned without labels: its scores are ranks')))
  })

  test('metrics leave out what a model was trained on', async () => {
    const flags = [a, b, '--data', 'data', '--replicates', '100']
    const [fresh, all] = [await compare(...flags), await compare(...flags, '--include-training')]
    const note = /^[\d,]+ transactions are of the training period, or the label gap, of a model: (.*)$/
    const told = ({ notes }: Comparison) => notes.flatMap((each) => note.exec(each)?.[1] ?? [])
    assert.deepEqual([told(fresh), told(all)], [['metrics leave them out'], ['its metrics are optimistic']])
    assert.ok((fresh.labels?.transactions ?? 0) < (all.labels?.transactions ?? 0))
    assert.deepEqual(fresh.outcomes, all.outcomes)
  })

  test('features explain the difference of the raw scores', async () => {
    const { contributions } = await compare(a, b, '--data', 'data', '--replicates', '100')
    assert.ok(contributions && contributions.transactions > 0 && contributions.features.length > 2)
    const sizes = contributions.features.map(({ meanAbsolute }) => meanAbsolute)
    assert.deepEqual(
      sizes,
      sizes.toSorted((one, other) => other - one),
    )
  })

  test('a model against itself has no difference', async () => {
    const {
      scores,
      outcomes: cells,
      labels,
      contributions,
      notes,
    } = await compare(a, a, '--data', 'data', '--include-training')
    assert.ok(scores && labels && notes.includes('Both are the same model'))
    assert.ok(scores.quantiles.every(({ difference }) => difference === 0))
    assert.ok(cells.every((cell) => cell.a === cell.b))
    assert.equal(contributions, null)
    for (const { difference } of Object.values(labels.metrics))
      assert.deepEqual(difference, { value: 0, lower: 0, upper: 0 })
  })

  test('draws are seeded, of transactions or of days', async () => {
    const flags = [a, b, '--data', 'data', '--replicates', '100', '--include-training']
    const [one, again, other, days] = [
      await compare(...flags),
      await compare(...flags),
      await compare(...flags, '--seed', '7'),
      await compare(...flags, '--draw', 'day'),
    ]
    assert.deepEqual(again, one)
    assert.notDeepEqual(other.labels?.metrics, one.labels?.metrics)
    assert.ok(days.labels && days.labels.unit === 'day' && days.labels.units < 20)
    assert.notDeepEqual(days.labels.metrics, one.labels?.metrics)
  })

  test('says where no label has matured, and still tells scores and outcomes', async () => {
    const early = new Date(Date.parse(rows[0].timestamp)).toISOString()
    const { labels, scores, notes } = await compare(a, b, '--data', 'data', '--known-by', early)
    assert.equal(labels, null)
    assert.equal(scores?.transactions, transactions)
    assert.ok(notes.some((note) => note.startsWith('No matured label')))
  })

  test('takes a file of labelled transactions, and writes a page', async () => {
    writeFileSync(join(folder, 'file.csv'), ['ID,AT,AMOUNT,CARD,DEVICE,COUNTRY,FRAUD', ...linesOf(true)].join('\n'))
    const comparison = await compare(a, b, '--file', 'file.csv', '--out', 'page.html', '--include-training')
    assert.equal(comparison.transactions, transactions)
    near(comparison.scores?.pearson ?? null, (await compare(a, b, '--data', 'data')).scores?.pearson ?? Number.NaN)
    const page = readFileSync(join(folder, 'page.html'), 'utf8')
    assert.ok(page.includes(comparison.a.id) && page.includes('On matured labels') && !page.includes('<script'))
  })

  test('holds a model against rules and lists alone', async () => {
    const { a: alone, outcomes: cells, scores, labels, notes } = await compare('none', b, '--data', 'data')
    assert.deepEqual([alone.id, alone.threshold, alone.unscored], ['none', null, 0])
    assert.deepEqual([scores, labels], [null, null])
    assert.ok(cells.every((cell) => cell.a === 'approve') && cells.some((cell) => cell.b !== 'approve'))
    const stopped = (await scoresOf(b)).filter((score, i) => outcomeOf(score, rows[i]) !== 'approve').length
    const told = cells.filter((cell) => cell.b !== 'approve').reduce((sum, cell) => sum + cell.transactions, 0)
    assert.equal(told, stopped)
    assert.ok(notes.some((note) => note.startsWith('Without a model')))
    const turned = await compare(b, 'none', '--data', 'data')
    assert.deepEqual(
      turned.outcomes.map((cell) => [cell.a, cell.b, cell.transactions]).sort(),
      cells.map((cell) => [cell.b, cell.a, cell.transactions]).sort(),
    )
  })

  test('is a job, too, with its figures and its page', async () => {
    const request = { kind: 'comparison', name: 'a-b', a: join(folder, a), b: join(folder, b), replicates: 100 }
    writeFileSync(join(folder, 'job.json'), JSON.stringify(request))
    const { stdout } = await succeedIn(folder, ['job', 'start', 'job.json', '--data', 'data', '--json'])
    const { state, result } = JSON.parse(stdout)
    assert.equal(state, 'done')
    const { basis, ...printed } = await compare(a, b, '--data', 'data', '--replicates', '100')
    const { basis: ofJob, ...figures } = JSON.parse(readFileSync(join(folder, result.out), 'utf8'))
    assert.deepEqual(figures, printed)
    assert.deepEqual({ ...ofJob, source: 'data' }, basis)
    assert.deepEqual(result.metrics, printed.labels?.metrics)
    const page = readFileSync(join(folder, result.report), 'utf8')
    for (const id of ['score-pairs', 'calibration-a', 'calibration-b']) assert.ok(page.includes(`id="${id}"`), id)
    for (const [given, says] of [
      [{ ...request, name: 'x', a: 'none', b: 'none' }, /one of both has to be a model/],
      [{ ...request, name: 'x', b: undefined }, /b: /],
    ] as const) {
      writeFileSync(join(folder, 'job.json'), JSON.stringify(given))
      assert.match((await runIn(folder, ['job', 'start', 'job.json', '--data', 'data'])).stderr, says)
    }
  })

  test('refuses what can not be compared', async () => {
    const failing = async (...args: readonly string[]) => (await runIn(folder, ['models', 'compare', ...args])).stderr
    assert.match(await failing(a, '--data', 'data'), /No model is champion in data: name both models/)
    assert.match(
      await failing(a, 'missing.safetensors', '--data', 'data'),
      /missing\.safetensors: there is no such file/,
    )
    assert.match(await failing('none', 'none', '--data', 'data'), /One of both has to be a model/)
    assert.match(await failing('none', a, '--file', 'file.csv'), /A file has no rules and lists/)
    const { optionalKeys: _, ...transaction } = shopDetector.transaction
    const narrow = { ...shopDetector, features: shopDetector.features.slice(0, -1) }
    writeFileSync(
      join(folder, 'others.yaml'),
      formatYaml({ ...narrow, transaction: { ...transaction, keys: { card: 'CARD' } } }),
    )
    const train = ['train', '--from-log', '--data', 'data', '--detector', 'others.yaml', '--learner']
    await succeedIn(folder, [...train, 'logistic-regression', '--out', 'others.safetensors'])
    assert.match(
      await failing(a, 'others.safetensors', '--data', 'data'),
      /do not read transactions alike: their detectors differ in transaction\.keys/,
    )
  })
})
