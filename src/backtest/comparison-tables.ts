import { pairedMetrics } from '../evaluation/paired-bootstrap.ts'
import type { Estimate } from '../evaluation/supported-digits.ts'
import { formatCount, formatPercent } from '../pages/format.ts'
import type { Comparison } from './compare-models.ts'
import { tellMoney } from './words.ts'

/** A table of a comparison, which the terminal and the page show alike. */
export interface ComparisonTable {
  readonly id: string
  readonly title: string
  readonly intro: string
  readonly heads: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const mostFeatures = 20
const metricWords = {
  averagePrecision: 'average precision',
  recall: 'recall',
  precision: 'precision',
  logLoss: 'log loss',
  brier: 'Brier score',
} as const

const show = (value: number | null) => (value === null ? '–' : value.toFixed(4))
const signed = (value: number) => `${value > 0 ? '+' : ''}${value.toFixed(4)}`
const tellAmount = (amount: number | null) => (amount === null ? [] : [tellMoney(amount)])

/** All that there is to tell, in the order in which a reader asks. */
export function comparisonTables(comparison: Comparison): readonly ComparisonTable[] {
  return [
    ...labelTables(comparison),
    outcomeTable(comparison),
    ...scoreTables(comparison),
    ...featureTable(comparison),
    segmentTable(comparison),
  ]
}

function labelTables({ labels }: Comparison): readonly ComparisonTable[] {
  if (labels === null) return []
  const { metrics, calibration, frauds, transactions, weighted, unit, units, replicates } = labels
  const worth =
    weighted === undefined
      ? ''
      : `, weighed by the control group to ${formatCount(weighted.transactions)} with ${formatCount(weighted.frauds)}`
  const difference = (estimate: Estimate | null) =>
    estimate === null
      ? 'not known'
      : `${signed(estimate.value)} (${signed(estimate.lower)} to ${signed(estimate.upper)})`
  const bins = Math.max(calibration.a.bins.length, calibration.b.bins.length)
  const binOf = (side: 'a' | 'b', i: number) => {
    const bin = calibration[side].bins[i]
    return bin === undefined
      ? ['–', '–']
      : [show(bin.predicted), `${show(bin.observed)} (${show(bin.lower)} to ${show(bin.upper)})`]
  }
  return [
    {
      id: 'labels',
      title: 'On matured labels',
      intro: `${formatCount(transactions)} transactions, ${formatCount(frauds)} of them frauds${worth}. Precision and recall are at each model's own threshold. In parentheses: paired 95 % intervals of the difference, B less A, of ${formatCount(replicates)} draws of ${formatCount(units)} ${unit}s.`,
      heads: ['Metric', 'A', 'B', 'B less A'],
      rows: pairedMetrics.map((metric) => {
        const { a, b, difference: estimate } = metrics[metric]
        return [metricWords[metric], show(a), show(b), difference(estimate)]
      }),
    },
    {
      id: 'calibration',
      title: 'Calibration',
      intro: `Mean score over the share of fraud: A ${show(calibration.a.ratio)}, B ${show(calibration.b.ratio)}; 1 is right. Each model's transactions by its score, in up to ten parts: what was predicted, and what came with its 95 % interval.`,
      heads: ['Part', 'A predicted', 'A came', 'B predicted', 'B came'],
      rows: Array.from({ length: bins }, (_, i) => [String(i + 1), ...binOf('a', i), ...binOf('b', i)]),
    },
  ]
}

function outcomeTable({ outcomes, transactions }: Comparison): ComparisonTable {
  const money = outcomes.some(({ amount }) => amount !== null) ? ['Amount'] : []
  const differing = outcomes.filter(({ a, b }) => a !== b).reduce((sum, cell) => sum + cell.transactions, 0)
  return {
    id: 'outcomes',
    title: 'Outcomes under the policy in force',
    intro: `Another outcome: ${formatCount(differing)}, ${formatPercent(transactions === 0 ? 0 : differing / transactions)} of all transactions.`,
    heads: ['A -> B', 'Transactions', ...money, 'Frauds', 'Legitimate', 'Unknown', 'Too young'],
    rows: outcomes.map(({ a, b, transactions: count, amount, frauds, legitimate, unknown, young }) => [
      `${a} -> ${b}`,
      ...[formatCount(count), ...tellAmount(amount)],
      ...[frauds, legitimate, unknown, young].map(formatCount),
    ]),
  }
}

function scoreTables({ scores }: Comparison): readonly ComparisonTable[] {
  if (scores === null) return []
  const { pearson, spearman, quantiles, tenths, transactions } = scores
  return [
    {
      id: 'scores',
      title: 'Scores against each other',
      intro: `${formatCount(transactions)} transactions that both score. Correlation ${show(pearson)}, of ranks ${show(spearman)}.`,
      heads: ['B less A', ...quantiles.map(({ share }) => formatPercent(share))],
      rows: [['quantile', ...quantiles.map(({ difference }) => signed(difference))]],
    },
    {
      id: 'tenths',
      title: "By tenths of A's scores",
      intro: 'Equal scores stay together.',
      heads: ['A from', 'To', 'Transactions', 'Frauds', 'Mean A', 'Mean B'],
      rows: tenths.map(({ from, to, transactions: count, frauds, meanA, meanB }) => [
        ...[show(from), show(to), formatCount(count), formatCount(frauds), show(meanA), show(meanB)],
      ]),
    },
  ]
}

function featureTable({ contributions }: Comparison): readonly ComparisonTable[] {
  if (contributions === null) return []
  const { scale, transactions, differing, features } = contributions
  return [
    {
      id: 'features',
      title: 'Features that explain the difference',
      intro: `What each adds in B less what it adds in A, in ${scale} before calibration, over ${transactions === differing ? 'the' : `the newest ${formatCount(transactions)} of`} ${formatCount(differing)} transactions whose outcome differs. Base is what a model says when nothing is known.`,
      heads: ['Feature', 'Mean', 'Mean size'],
      rows: features
        .slice(0, mostFeatures)
        .map(({ feature, mean, meanAbsolute }) => [feature, signed(mean), show(meanAbsolute)]),
    },
  ]
}

function segmentTable({ segments }: Comparison): ComparisonTable {
  const money = segments.some(({ amount }) => amount !== null) ? ['Amount'] : []
  return {
    id: 'segments',
    title: 'By segment',
    intro: 'Average precision is on matured labels of both classes.',
    heads: [
      ...['Segment', 'Transactions', ...money, 'Frauds', 'Other outcome'],
      ...['A not approved', 'B not approved', 'A average precision', 'B average precision'],
    ],
    rows: segments.map(({ name, transactions, amount, frauds, differing, stopped, averagePrecision }) => [
      ...[name, formatCount(transactions), ...tellAmount(amount), formatCount(frauds), formatCount(differing)],
      ...[formatCount(stopped.a), formatCount(stopped.b)],
      ...[show(averagePrecision?.a ?? null), show(averagePrecision?.b ?? null)],
    ]),
  }
}
