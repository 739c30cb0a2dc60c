import { createRandom } from '../src/core/random.ts'
import { formatClassificationReport } from '../src/evaluation/classification-report.ts'
import { outcomeAt, sweepThresholds, thresholdTable } from '../src/evaluation/cost.ts'
import { calibrationCurve, precisionRecallCurve, rocCurve, scoreHistogram } from '../src/evaluation/curves.ts'
import { evaluate } from '../src/evaluation/evaluate.ts'
import { policyFigures } from '../src/evaluation/policy-figures.ts'
import { segmentFigures } from '../src/evaluation/segment-figures.ts'
import { testDays } from '../src/evaluation/test-days.ts'
import type { ImportanceSummary, ReportInput } from '../src/report/report-input.ts'

interface SampleScores {
  readonly labels: Uint8Array
  readonly probabilities: Float64Array
}

/**
 * Scores as a calibrated forest gives them on the last fifth of the card table: nearly all tiny, a few high, and each
 * label drawn with the probability that was predicted.
 */
function drawScores(rows: number, seed: number): SampleScores {
  const random = createRandom(seed)
  const probabilities = Float64Array.from({ length: rows }, () => {
    if (random.uniform() < 0.0013) return 1 - random.uniform() ** 2.2 * 0.97
    return Math.min(0.6, Math.exp(-9.8 + 1.4 * random.normal()))
  })
  return {
    labels: Uint8Array.from(probabilities, (probability) => Number(random.uniform() < probability)),
    probabilities,
  }
}

function drawImportance(features: readonly string[], seed: number): ImportanceSummary {
  const random = createRandom(seed)
  const leading = ['V14', 'V10', 'V4', 'V12', 'V17', 'V11', 'V3', 'V16', 'Amount']
  const weights = features.map((feature) => {
    const rank = leading.indexOf(feature)
    return (rank < 0 ? 0.01 : 0.25 * 0.72 ** rank) * (0.8 + 0.4 * random.uniform())
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return {
    metric: 'average precision',
    features: features.map((feature, index) => ({
      feature,
      splitGain: weights[index] / total,
      permutation: {
        mean: weights[index] * 0.6 - 0.004 * random.uniform(),
        standardDeviation: 0.002 + weights[index] * 0.08 * random.uniform(),
      },
    })),
  }
}

function describeColumns(features: readonly string[], seed: number): ReportInput['data']['columns'] {
  const random = createRandom(seed)
  const time = { name: 'Time', missing: 0, mean: 94813.86, standardDeviation: 47488.15, min: 0, max: 172792 }
  const amount = { name: 'Amount', missing: 0, mean: 88.3496, standardDeviation: 250.1201, min: 0, max: 25691.16 }
  const components = features
    .filter((name) => name !== 'Amount')
    .map((name, index) => {
      const standardDeviation = 1.96 - index * 0.058
      const min = -standardDeviation * (6 + 30 * random.uniform())
      const max = standardDeviation * (4 + 20 * random.uniform())
      return { name, missing: 0, mean: (random.uniform() - 0.5) * 1e-14, standardDeviation, min, max }
    })
  return [time, ...components, amount]
}

function describeRun(features: readonly string[]) {
  return {
    title: 'Fraud detection on creditcard.csv',
    bundle: 'creditcard@9f2c41d07ab3',
    detector: 'creditcard',
    learner: 'random-forest',
    options: {
      nEstimators: 100,
      maxDepth: null,
      minSamplesLeaf: 1,
      maxFeatures: 'sqrt',
      criterion: 'gini',
      bootstrap: true,
      classWeight: 'balanced',
    },
    preset: 'default',
    seed: 42,
    versions: { shrike: '0.1.0', nodeMajor: 24, arch: 'x64' },
    command:
      'shrike train creditcard.csv --preset default --test-share 0.2 --seed 42 --cost-false-positive 5 --cost-false-negative 120 --report report.html',
    data: {
      source: 'creditcard.csv',
      rows: 284807,
      frauds: 492,
      fraudRate: 492 / 284807,
      period: { from: '0 s', to: '172,792 s' },
      fingerprint: 'sha256:5d2b7c1ee0f54b0c9be64a3a0a7f2a1d7c0e6d7b3d7b0f0a6d9c1f6a2b8e4c77',
      badRowsSkipped: 0,
      columns: describeColumns(features, 5),
    },
  }
}

/** Amounts, and hours whose inputs drift a little further each. */
function sampleBreakdown(input: Parameters<typeof segmentFigures>[0]): NonNullable<ReportInput['breakdown']> {
  const every = (count: number, i: number) => Uint32Array.from(input.labels.keys()).filter((row) => row % count === i)
  const group = (names: readonly string[]) =>
    segmentFigures(
      input,
      names.map((name, i) => ({ name, places: every(names.length, i) })),
    )
  const psi = (value: number) => ({ value, lower: value * 0.8, upper: value * 1.3, noise: 0.002 })
  const hours = Array.from({ length: 6 }, (_, i) => `day 1, ${16 + i}:00`)
  const groups = group(hours).map((figures, i) => {
    return {
      ...figures,
      drift: { score: { psi: psi(0.01) }, features: [{ feature: 'V14', psi: psi(0.03 * (i + 1)) }] },
    }
  })
  return {
    segments: [{ by: 'amount', groups: group(['under 20', '20 to under 100', '100 and more']) }],
    periods: { unit: 'hour', groups },
  }
}

function sampleCurve(by: 'frauds' | 'history'): NonNullable<ReportInput['learningCurves']>[number] {
  const worth = (times: number) => 0.85 - 0.12 * times ** -0.4
  const points = [0.125, 0.25, 0.5, 1].map((share) => {
    return { share, rows: 182276 * share, frauds: Math.round(338 * share), averagePrecision: worth(share) }
  })
  const around = (times: number) => ({ value: worth(times), lower: worth(times) - 0.03, upper: worth(times) + 0.03 })
  return {
    by,
    points,
    forecast: [2, 4].map((times) => ({ times, frauds: 338 * times, averagePrecision: around(times) })),
    check: { expected: around(1), measured: worth(1), isWithin: true },
  }
}

function samplePolicy(labels: Uint8Array, probabilities: Float64Array): ReportInput['policy'] {
  const random = createRandom(11)
  const policy = { review: 0.2137, decline: 0.8, whenUnavailable: 'review' as const, deadlineMs: 100 }
  const amounts = Float64Array.from(labels, () => Math.round(100 * Math.exp(3 + 1.5 * random.normal())) / 100)
  const days = testDays(Float64Array.from(labels, (_, row) => (row * 5 * 86_400_000) / labels.length))
  return { ...policyFigures({ policy, labels, probabilities, amounts, digits: 2, days }), currency: 'EUR' }
}

/** A report's input as `shrike train` would give it, from seeded draws through the real evaluation. */
export function sampleReport({ rows = 56962, seed = 7 } = {}): ReportInput {
  const features = [...Array.from({ length: 28 }, (_, index) => `V${index + 1}`), 'Amount']
  const { labels, probabilities } = drawScores(rows, seed)
  const threshold = { value: 0.2137, inclusive: true }
  const model = { falsePositive: 5, falseNegative: 120 }
  const evaluation = evaluate({ labels, rawScores: probabilities, probabilities, threshold, seed: 1, replicates: 100 })
  const sweep = sweepThresholds(labels, probabilities, undefined, model)
  const { cost = 0, savings = 0 } = outcomeAt(sweep, threshold)
  return {
    ...describeRun(features),
    split: {
      method: 'time',
      boundary: '145,248 s',
      train: { rows: 182276, frauds: 338 },
      calibration: { rows: 45569, frauds: 79 },
      test: { rows, frauds: evaluation.frauds },
    },
    evaluation,
    policy: samplePolicy(labels, probabilities),
    classificationText: formatClassificationReport(evaluation.classificationReport),
    calibration: { method: 'platt', ratio: 1.003 },
    threshold: { threshold, chosen: 'for the least cost on the calibration rows' },
    precisionRecall: precisionRecallCurve(labels, probabilities),
    roc: rocCurve(labels, probabilities),
    calibrationBins: calibrationCurve(labels, probabilities, undefined, { bins: 10, strategy: 'uniform' }),
    scores: scoreHistogram(labels, probabilities, undefined, { bins: 50 }),
    thresholds: thresholdTable(sweep, 200),
    cost: { ...model, atThreshold: cost, savings },
    importance: drawImportance(features, 3),
    breakdown: sampleBreakdown({ labels, rawScores: probabilities, probabilities, threshold }),
    learningCurves: [sampleCurve('frauds'), sampleCurve('history')],
    warnings: ['12 rows of the test part repeat a row of the training part, their time left out.'],
    includesTrainingRows: false,
    refit: false,
  }
}
