import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { logLoss } from '../../src/evaluation/metrics.ts'
import { decodeBundle } from '../../src/models/bundle.ts'
import { readRows } from '../csv-rows.ts'
import { runIn, succeedIn } from '../run-shrike.ts'
import { simulateTerminals, trainQuickly } from '../terminal-portfolio.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-policy-'))
const declared = 'policy: { challenge: 0.02, review: 0.05, decline: 0.15 }\n'

before(async () => {
  await simulateTerminals(folder, declared)
})
after(() => rmSync(folder, { recursive: true }))

test('train and evaluate lead with what the policy does, as a count of the scored rows by hand has it', async () => {
  const { stdout } = await succeedIn(folder, [...trainQuickly, '--json'])
  const { policy, rows, warnings } = JSON.parse(stdout)
  await succeedIn(folder, ['score', 'm.safetensors', 'cards.csv', '--out', 'scores.csv'])
  const all = readRows(join(folder, 'cards.csv'))
  const scores = readRows(join(folder, 'scores.csv'))
  const tested = all.map((row, i) => ({ ...row, score: Number(scores[i].probability) })).slice(-rows)
  const outcomeOf = (score: number) =>
    score >= 0.15 ? 'decline' : score >= 0.05 ? 'review' : score >= 0.02 ? 'challenge' : 'approve'
  const times = tested.map((row: Record<string, unknown>) => Date.parse(`${row.time}Z`.replace('ZZ', 'Z')))
  const days = (Math.max(...times) - Math.min(...times)) / 86_400_000
  assert.ok(Math.abs(policy.days - days) < 1e-9, `${policy.days} ${days}`)
  for (const outcome of ['approve', 'challenge', 'review', 'decline']) {
    const meant = tested.filter(({ score }) => outcomeOf(score) === outcome)
    const isFraud = (row: Record<string, unknown>) => row.is_fraud === '1'
    const cents = (which: readonly Record<string, unknown>[]) =>
      which.reduce((sum, row) => sum + Math.round(Number(row.amount) * 100), 0)
    const { frauds, perDay, value, rows } = policy.outcomes[outcome]
    const found = [rows, frauds, value.fraud.value, value.legitimate.value]
    const caught = meant.filter(isFraud)
    const legitimate = meant.filter((row) => !isFraud(row))
    assert.deepEqual(found, [meant.length, caught.length, cents(caught) / 100, cents(legitimate) / 100], outcome)
    assert.ok(Math.abs(perDay.value - meant.length / days) < 1e-9)
  }
  assert.ok(policy.stopped.frauds > 0 && policy.outcomes.decline.rows > 0)
  assert.ok(Array.isArray(warnings))
  // A service holds the weeks that follow against what it was measured to stop.
  const { metrics } = decodeBundle(readFileSync(join(folder, 'm.safetensors')))
  const { precision, recall } = policy.stopped
  assert.deepEqual(metrics?.policy, { thresholds: policy.thresholds, precision, recall })

  const said = await succeedIn(folder, trainQuickly)
  const lead = said.stdout.indexOf('The policy stops')
  assert.ok(lead > 0 && lead < said.stdout.indexOf('average precision'), said.stdout)
  assert.match(said.stdout, /decline from 0\.15 +[\d.,]+ a day \([\d.,]+ to [\d.,]+\), [\d.]+ % of them fraud \(/)
  assert.match(said.stdout, /money: [\d.,]+ EUR \([\d.,]+ to [\d.,]+\) of fraud stopped, /)
  const report = readFileSync(join(folder, 'm-report.html'), 'utf8')
  const section = report.indexOf('The policy stops')
  assert.ok(section > 0 && section < report.indexOf('Average precision'))
  assert.ok(report.includes('Money of good customers stopped'))

  const { stdout: again } = await succeedIn(folder, ['evaluate', 'm.safetensors', 'cards.csv', '--json'])
  assert.deepEqual(JSON.parse(again).policy.thresholds, { challenge: 0.02, review: 0.05, decline: 0.15 })
})

test('evaluates rows with --history as in the file that has all of them, and warns where they begin cold', async () => {
  const lines = readFileSync(join(folder, 'cards.csv'), 'utf8').trimEnd().split('\n')
  const cut = Math.floor(lines.length * 0.85)
  writeFileSync(join(folder, 'earlier.csv'), [...lines.slice(0, cut), ''].join('\n'))
  writeFileSync(join(folder, 'later.csv'), [lines[0], ...lines.slice(cut), ''].join('\n'))
  writeFileSync(join(folder, 'other.csv'), 'a,b\n1,2\n')
  const other = await runIn(folder, ['evaluate', 'm.safetensors', 'later.csv', '--history', 'other.csv'])
  assert.match(other.stderr, /DATA_INVALID: --history other\.csv: The detector: /)
  // Without the detector the table is flat, which is told.
  const flat = [
    'train',
    'cards.csv',
    '--n-estimators',
    '5',
    '--no-leak-check',
    '--no-report',
    '--out',
    'flat.safetensors',
  ]
  assert.match((await succeedIn(folder, flat)).stderr, /histories are left out, too, by .*: shrike init FILE drafts/)
  // Two rows of the later file and one far ahead are in the history, too, and must not count.
  writeFileSync(join(folder, 'overlapping.csv'), [...lines.slice(0, cut + 2), ''].join('\n'))
  const evaluate = async (...more: string[]) => {
    const { stdout, stderr } = await succeedIn(folder, ['evaluate', 'm.safetensors', 'later.csv', '--json', ...more])
    return { figures: JSON.parse(stdout), stderr }
  }
  const cold = await evaluate()
  const warm = await evaluate('--history', 'earlier.csv')
  const overlapping = await evaluate('--history', 'overlapping.csv')
  assert.match(cold.stderr, /Histories are cold: [\d,]+ of [\d,]+ rows lie within 21d of the file's first row/)
  assert.doesNotMatch(warm.stderr, /cold/)
  assert.match(overlapping.stderr, /2 rows of overlapping\.csv have ids of rows in the file/)
  assert.deepEqual(overlapping.figures, warm.figures)
  assert.notEqual(cold.figures.logLoss, warm.figures.logLoss)
  // Scores and explanations are of the same rows, and say so where they begin cold.
  const score = async (...more: string[]) => {
    const { stdout, stderr } = await succeedIn(folder, ['score', 'm.safetensors', 'later.csv', ...more])
    return { lines: stdout.trimEnd().split('\n'), stderr }
  }
  const coldScores = await score()
  const warmScores = await score('--history', 'earlier.csv')
  assert.match(coldScores.stderr, /Histories are cold: [\d,]+ of [\d,]+ rows lie within 21d .* --history FILE/)
  assert.doesNotMatch(warmScores.stderr, /cold/)
  const [id, probability] = warmScores.lines[1].split(',')
  const explain = async (...more: string[]) => {
    const { stdout, stderr } = await succeedIn(folder, [
      'explain',
      'm.safetensors',
      'later.csv',
      '--json',
      '--id',
      id,
      ...more,
    ])
    return { probability: JSON.parse(stdout).probability, stderr }
  }
  const coldOne = await explain('--out', 'cold.html')
  assert.match(readFileSync(join(folder, 'cold.html'), 'utf8'), /Histories are cold: the row lies within 21d/)
  const warmOne = await explain('--history', 'earlier.csv')
  assert.match(coldOne.stderr, /Histories are cold: the row lies within 21d/)
  assert.doesNotMatch(warmOne.stderr, /cold/)
  assert.equal(warmOne.probability, Number(probability))
  // The scores of the whole file's later rows, bit for bit, have the same log loss to the last digit.
  await succeedIn(folder, ['score', 'm.safetensors', 'cards.csv', '--out', 'whole.csv'])
  const probabilities = readRows(join(folder, 'whole.csv'))
    .map(({ probability }) => Number(probability))
    .slice(cut - 1)
  assert.equal(warmScores.lines[0], 'id,probability,prediction')
  assert.deepEqual(
    warmScores.lines.slice(1).map((line) => Number(line.split(',')[1])),
    probabilities,
  )
  // What is said of the file is no part of what is written.
  const reversed = [lines[0], ...lines.slice(cut).reverse(), ''].join('\n').replaceAll(',', ';')
  writeFileSync(join(folder, 'reversed.csv'), reversed)
  for (const args of [
    ['score', 'm.safetensors'],
    ['features', '--detector', 'detector.yaml'],
  ]) {
    const written = await succeedIn(folder, [...args, 'reversed.csv'])
    assert.match(written.stderr, /cells separated by semicolons/)
    assert.match(written.stdout, /^id,[^ ]+$/s)
  }
  const labels = readRows(join(folder, 'later.csv')).map((row) => Number(row.is_fraud))
  assert.equal(warm.figures.rows, labels.length)
  assert.equal(warm.figures.logLoss, logLoss(Uint8Array.from(labels), Float64Array.from(probabilities)))
})
