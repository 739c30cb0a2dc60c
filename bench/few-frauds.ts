import { createRandom, type Random } from '../src/core/random.ts'
import { chooseThreshold, type ThresholdObjective } from '../src/evaluation/choose-threshold.ts'
import { expectedLabels } from '../src/evaluation/expected-labels.ts'
import { calibrate, fitCalibration } from '../src/models/calibration.ts'

/**
 * What a threshold that was chosen on few held-out frauds is worth on many other rows: chosen by the rows' labels, or by
 * what their calibrated probabilities lead one to expect. Scores are those of a model whose log-odds are normal in each
 * class, the legitimate with heavier tails, at about the average precision of the card table.
 *
 * Run: node bench/few-frauds.ts
 */
const legitimatePerFraud = 400
const tables = 300

interface Rows {
  readonly labels: Uint8Array
  readonly scores: Float64Array
}

function drawRows(frauds: number, random: Random): Rows {
  const labels = new Uint8Array(frauds * (1 + legitimatePerFraud)).fill(1, 0, frauds)
  const scores = Float64Array.from(labels, (label) => {
    const logOdds =
      label === 1
        ? (random.uniform() < 0.15 ? -7 : 1) + 2.5 * random.normal()
        : -8 + 1.5 * random.normal() * (random.uniform() < 0.02 ? 3 : 1)
    return 1 / (1 + Math.exp(-logOdds))
  })
  return { labels, scores }
}

const objectives: readonly ThresholdObjective[] = [
  { kind: 'f1' },
  { kind: 'precision', atLeast: 0.8 },
  { kind: 'recall', atLeast: 0.7 },
  { kind: 'cost', cost: { falsePositive: 5, falseNegative: 100 } },
]

/** What a threshold does on the rows, by what it was chosen for. */
function worth({ labels, scores }: Rows, threshold: number, { kind }: ThresholdObjective): number {
  let [tp, fp, fn] = [0, 0, 0]
  for (let row = 0; row < labels.length; row++) {
    const isAlert = scores[row] >= threshold
    if (labels[row] === 1) isAlert ? tp++ : fn++
    else if (isAlert) fp++
  }
  if (kind === 'cost') return (100 * fn + 5 * fp) / (tp + fn)
  if (kind === 'precision') return tp / Math.max(1, tp + fp)
  return kind === 'recall' ? tp / (tp + fn) : (2 * tp) / (2 * tp + fp + fn)
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const told = (values: readonly number[]) => {
  const middle = mean(values)
  const sd = Math.sqrt(mean(values.map((value) => (value - middle) ** 2)))
  return `${middle.toFixed(3)} (sd ${sd.toFixed(3)})`
}

const other = drawRows(2000, createRandom(1))
for (const frauds of [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200]) {
  const random = createRandom(frauds)
  const figures = objectives.map(() => ({ labels: [] as number[], expected: [] as number[] }))
  for (let table = 0; table < (frauds > 20 ? tables / 5 : tables); table++) {
    const { labels, scores } = drawRows(frauds, random)
    const calibration = fitCalibration(labels, scores)
    const probabilities = scores.map((score) => calibrate(calibration, score))
    const elsewhere = { labels: other.labels, scores: other.scores.map((score) => calibrate(calibration, score)) }
    objectives.forEach((objective, i) => {
      const expected = expectedLabels(probabilities, undefined)
      for (const [how, rows] of [
        ['labels', { labels, probabilities, weights: undefined }],
        ['expected', expected],
      ] as const) {
        try {
          const { threshold } = chooseThreshold(rows.labels, rows.probabilities, rows.weights, objective)
          figures[i][how].push(worth(elsewhere, threshold, objective))
        } catch {
          // A precision that is out of reach.
        }
      }
    })
  }
  console.log(
    [
      frauds,
      ...figures.map(
        ({ labels, expected }, i) =>
          `${objectives[i].kind}: ${told(labels)} ${told(expected)} n=${labels.length},${expected.length}`,
      ),
    ].join(' | '),
  )
}
