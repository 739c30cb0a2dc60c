import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleReport } from '../../test/report-sample.ts'
import { renderReport } from './render-report.ts'
import type { ReportInput } from './report-input.ts'

const sample = sampleReport()
const page = renderReport(sample)

/** What a reader sees, tags and style left out. */
function textOf(html: string): string {
  return html
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
}

function without<Key extends keyof ReportInput>(input: ReportInput, ...keys: readonly Key[]): Omit<ReportInput, Key> {
  const rest = { ...input }
  for (const key of keys) delete rest[key]
  return rest
}

import { wilsonInterval } from '../core/wilson-interval.ts'

test('shows every section, each chart for a desktop and for a phone', () => {
  for (const section of [
    'summary',
    'decisions',
    'ranking',
    'probability',
    'threshold',
    'segments',
    'learning',
    'importance',
    'data',
    'repeat',
  ]) {
    assert.ok(page.includes(`<section id="${section}"`), section)
    assert.ok(page.includes(`href="#${section}"`), section)
  }
  const charts = ['precision-recall', 'roc', 'scores', 'calibration', 'trade-off', 'workload', 'learning-curve']
  for (const chart of charts) {
    const figure = page.split(`<figure class="card" id="${chart}">`)[1]?.split('</figure>')[0] ?? ''
    assert.equal(
      figure.match(/<svg viewBox="0 0 (460 300|320 270)" role="img" aria-label="[^"]{20,}">/g)?.length,
      2,
      chart,
    )
    assert.ok((figure.match(/<path /g)?.length ?? 0) > 10, `${chart} is drawn`)
  }
  for (const chart of ['permutation', 'split-gain']) {
    const figure = page.split(`<figure class="card" id="${chart}">`)[1]?.split('</figure>')[0] ?? ''
    assert.equal(figure.match(/<rect class="accent"/g)?.length, 12, `${chart} has a bar for each of the highest`)
  }
})

test('says the figures, their intervals and all that repeats the run', () => {
  const text = textOf(page)
  const { evaluation } = sample
  const { lower, upper } = evaluation.intervals.averagePrecision
  for (const words of [
    'Catches 87 of 100 frauds with 28 false alarms per 100 alerts at threshold 0.2137.',
    '48 caught, 7 missed, 19 false alarms',
    `95% interval ${lower.toFixed(3)} to ${upper.toFixed(3)}`,
    'Guessing gets 0.000966',
    'chosen for the least cost on the calibration rows',
    'A false alarm costs 5 and a missed fraud 120',
    '12 rows of the test part repeat a row of the training part',
    'There are only 55 frauds among the test rows',
    sample.command,
    sample.bundle,
    sample.data.fingerprint,
    'nEstimators 100',
    'maxDepth none',
    'Seed 42',
    'Node 24, x64',
    'Test from 145,248 s',
    '182,276 rows, 338 frauds',
  ]) {
    assert.ok(text.includes(words), words)
  }
  assert.ok(
    page.includes(`<pre class="monospace">${sample.classificationText}</pre>`),
    'the monospace report is verbatim',
  )
})

test('gives the same bytes for the same input, however much was drawn before', () => {
  renderReport(sampleReport({ rows: 3000, seed: 8 }))
  assert.equal(renderReport(sample), page)
})

test('fetches nothing, runs nothing and stays small', () => {
  assert.doesNotMatch(page, /https?:|\/\/\w|@import|url\((?!#)/)
  assert.doesNotMatch(page, /<script|<link (?!rel="icon" href="data:,")|\bsrc=|\son\w+=/)
  assert.ok(page.length < 500_000, `${page.length} bytes`)
})

test('names every drawn clip path once', () => {
  const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map((match) => match[1])
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  )
  const uses = [...page.matchAll(/url\(#([^)]+)\)/g)].map((match) => match[1])
  assert.deepEqual(
    uses.filter((id) => !ids.includes(id)),
    [],
  )
})

test('escapes what people wrote, wherever it is shown', () => {
  const evil = '<script>alert("x")</script><img src=y onerror=\'z\'>&'
  const { data, split } = sample
  const html = renderReport({
    ...sample,
    title: evil,
    bundle: evil,
    detector: evil,
    learner: evil,
    preset: evil,
    command: evil,
    classificationText: evil,
    options: { [evil]: evil },
    versions: { shrike: evil, nodeMajor: 24, arch: evil },
    warnings: [evil],
    threshold: { ...sample.threshold, chosen: evil },
    split: { ...split, boundary: evil, weights: { column: evil, use: 'both' } },
    data: {
      ...data,
      source: evil,
      fingerprint: evil,
      period: { from: evil, to: evil },
      columns: [{ name: evil, missing: 0, mean: 0, standardDeviation: 0, min: 0, max: 0 }],
    },
    importance: {
      metric: evil,
      features: [{ feature: evil, splitGain: 1, permutation: { mean: 1, standardDeviation: 1 } }],
    },
  })
  assert.doesNotMatch(html, /<script|<img/)
  assert.ok(html.includes('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;'))
  // Attributes and text alike: the tags are those of a harmless report.
  const tags = (markup: string) => new Set([...markup.matchAll(/<([a-z]+\d?)/gi)].map((match) => match[1]))
  assert.deepEqual(
    [...tags(html)].filter((tag) => !tags(page).has(tag)),
    [],
  )
})

test('does without time, importance, cost and calibration rows', () => {
  const { calibration: _, boundary: __, ...split } = sample.split
  const { period: ___, ...data } = sample.data
  const html = renderReport({
    ...without(sample, 'importance', 'cost'),
    data,
    split: { ...split, method: 'random', oversampled: { rows: 454902, frauds: 227451 } },
    calibration: { method: 'none' },
    thresholds: sample.thresholds.map(({ threshold, alerts, recall, precision }) => ({
      threshold,
      alerts,
      recall,
      precision,
    })),
  })
  const text = textOf(html)
  assert.doesNotMatch(html, /id="importance"|href="#importance"/)
  assert.match(text, /the costs of a false alarm and a missed fraud were not given/)
  assert.match(text, /The scores are not calibrated/)
  assert.match(text, /unknown: the rows have no time/)
  assert.match(text, /454,902 rows, 227,451 frauds/)
})

test('tells segments and periods, marks weak ones, and does without', () => {
  const weak = { ...sample.breakdown, segments: structuredClone(sample.breakdown?.segments ?? []) }
  Object.assign(weak.segments[0].groups[0], { name: '<b>under 20</b>', weakIn: ['recall'] })
  const html = renderReport({ ...sample, breakdown: weak })
  assert.ok(html.includes('&lt;b&gt;under 20&lt;/b&gt;<small class="weak">weak: recall</small>'))
  const text = textOf(html)
  for (const words of ['By segment', 'By time', 'hour from', 'V14, chance 0.002', 'Average precision over the test']) {
    assert.ok(text.includes(words), words)
  }
  const { breakdown: _, ...none } = sample
  for (const input of [none, { ...none, breakdown: { segments: [] } }]) {
    const bare = renderReport(input)
    assert.ok(!bare.includes('id="segments"') && !bare.includes('#segments"'))
  }
})

test('says what more labels are expected to be worth, and whether a look ahead was right before', () => {
  const text = textOf(page)
  assert.ok(
    text.includes('Frauds: 676 frauds: 0.76 (0.73 to 0.79); 1,352 frauds: 0.78 (0.75 to 0.81).'),
    text.match(/Frauds: .{90}/)?.[0],
  )
  assert.ok(text.includes('was expected of the whole, and 0.730 measured: within.'))
  const [first] = sample.learningCurves ?? []
  const { forecast: _, check: __, ...bare } = first
  const few = textOf(renderReport({ ...sample, learningCurves: [bare] }))
  assert.ok(few.includes('Frauds: too few points to look ahead.'))
})

test('says which inputs were shuffled, and lists the others after them', () => {
  const html = renderReport({
    ...sample,
    importance: {
      metric: 'average precision',
      features: [
        { feature: 'third', splitGain: 0.01 },
        { feature: 'second', splitGain: 0.3, permutation: { mean: -0.1, standardDeviation: 0 } },
        { feature: 'first', splitGain: 0.6, permutation: { mean: 0.2, standardDeviation: 0 } },
        { feature: 'fourth', splitGain: 0 },
      ],
    },
  })
  assert.match(textOf(html), /Only the 2 of 4 inputs that trees split on most were shuffled\./)
  const listed = [...html.matchAll(/<th scope="row">(first|second|third|fourth)<\/th>/g)].map(([, name]) => name)
  assert.deepEqual(listed, ['first', 'second', 'third', 'fourth'])
})

test('draws one feature, one fraud and a tiny threshold', () => {
  const html = renderReport({
    ...sample,
    evaluation: { ...sample.evaluation, frauds: 1, intervals: {} },
    threshold: { ...sample.threshold, threshold: { value: 0.0042, inclusive: false } },
    calibrationBins: {
      predicted: [1e-5, 1e-3, 0.4],
      observed: [0, 1e-3, 1],
      intervals: [0, 1e-3, 1].map((share) => wilsonInterval(1000 * share, 1000)),
    },
    importance: {
      metric: 'average precision',
      features: [{ feature: 'Amount', permutation: { mean: -0.01, standardDeviation: Number.NaN } }],
    },
  })
  const text = textOf(html)
  assert.match(text, /There is only 1 fraud among the test rows/)
  assert.match(text, /Fraud is predicted when the probability is above 0\.0042/)
  assert.match(text, /A hollow point found no fraud at all/)
  assert.match(html, /<span>Amount<\/span>/)
  assert.doesNotMatch(html, /id="split-gain"/)
})

test('says that there is nothing where there is nothing', () => {
  const nothing = renderReport({
    ...sample,
    precisionRecall: { recall: [], precision: [] },
    roc: { falsePositiveRate: [], truePositiveRate: [] },
    calibrationBins: { predicted: [], observed: [], intervals: [] },
    scores: { edges: [], legitimate: [], fraud: [] },
    thresholds: [],
    importance: { metric: 'average precision', features: [] },
    options: {},
  })
  assert.equal(nothing.match(/<p class="empty">/g)?.length, 6)
})

test('writes no NaN, undefined or endless decimals, whatever the figures', () => {
  const odd = { precision: Number.NaN, recall: Number.POSITIVE_INFINITY, f1: -0, support: 1e300 }
  const { evaluation } = sample
  const html = renderReport({
    ...sample,
    evaluation: {
      ...evaluation,
      averagePrecision: Number.NaN,
      rocAuc: Number.NaN,
      brier: 1e-300,
      logLoss: Number.POSITIVE_INFINITY,
      calibrationRatio: Number.NaN,
      confusion: { tn: 1e300, fp: 0, fn: 0, tp: 0 },
      classificationReport: { ...evaluation.classificationReport, fraud: odd, legitimate: odd },
      intervals: { rocAuc: { lower: Number.NaN, upper: Number.NaN } },
    },
    data: {
      ...sample.data,
      columns: [
        {
          name: 'x',
          missing: 1e9,
          mean: 1e300,
          standardDeviation: Number.POSITIVE_INFINITY,
          min: Number.NEGATIVE_INFINITY,
          max: Number.NaN,
        },
      ],
    },
    cost: { falsePositive: 0, falseNegative: 'amount', atThreshold: Number.NaN, savings: Number.NaN },
  })
  assert.deepEqual(html.match(/.{0,60}(?:NaN|undefined|Infinity|\d\.\d{10}).{0,30}/g) ?? [], [])
})

test('thins curves of 300,000 points to a small page', () => {
  const many = 300_000
  const rate = Float64Array.from({ length: many }, (_, index) => index / (many - 1))
  const html = renderReport({
    ...sample,
    precisionRecall: { recall: rate, precision: rate.map((recall) => Math.cos(recall * 1.5)) },
    roc: { falsePositiveRate: rate, truePositiveRate: rate.map(Math.sqrt) },
  })
  assert.ok(html.length < 500_000, `${html.length} bytes`)
})
