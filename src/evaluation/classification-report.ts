import type { ClassificationReport, ClassScores, Evaluation } from './evaluation.ts'

/**
 * Precision, recall and F1 of both classes, their averages, and accuracy, as scikit-learn's `classification_report`
 * computes them for `labels=[0, 1]`: a ratio whose denominator is 0 is 0.
 */
export function classificationReport(
  labels: Uint8Array,
  predictions: Uint8Array,
  weights?: Float64Array,
): ClassificationReport {
  const hit = [0, 0]
  const predicted = [0, 0]
  const actual = [0, 0]
  for (let row = 0; row < labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]
    actual[labels[row]] += weight
    predicted[predictions[row]] += weight
    if (labels[row] === predictions[row]) hit[labels[row]] += weight
  }
  const scores = (label: 0 | 1): ClassScores => ({
    precision: ratio(hit[label], predicted[label]),
    recall: ratio(hit[label], actual[label]),
    f1: ratio(2 * hit[label], actual[label] + predicted[label]),
    // Hits plus misses is `actual` again but for rounding: with weights, scikit-learn prints every digit of this sum.
    support: hit[label] + (actual[label] - hit[label]),
  })
  const legitimate = scores(0)
  const fraud = scores(1)
  return {
    legitimate,
    fraud,
    accuracy: ratio(hit[0] + hit[1], legitimate.support + fraud.support),
    macroAverage: average(legitimate, fraud, 1, 1),
    weightedAverage: average(legitimate, fraud, legitimate.support, fraud.support),
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

function average(legitimate: ClassScores, fraud: ClassScores, legitimateWeight: number, fraudWeight: number) {
  const mean = (of: 'precision' | 'recall' | 'f1') =>
    ratio(legitimate[of] * legitimateWeight + fraud[of] * fraudWeight, legitimateWeight + fraudWeight)
  return {
    precision: mean('precision'),
    recall: mean('recall'),
    f1: mean('f1'),
    support: legitimate.support + fraud.support,
  }
}

export interface ReportFormat {
  /** Digits after the point of everything but support; 2 in scikit-learn. */
  readonly digits?: number
  /** Print supports as sums of weights, `2.0` in place of `2`. Where it is left out: if one of them is not whole. */
  readonly weighted?: boolean
}

/** The report as text, to the letter as scikit-learn prints it, last line break included. */
export function formatClassificationReport(report: ClassificationReport, format: ReportFormat = {}): string {
  const { legitimate, fraud, accuracy, macroAverage, weightedAverage } = report
  const digits = format.digits ?? 2
  // Where no row was predicted right, scikit-learn counts in floats, weights or not.
  const countsFloats = accuracy === 0 || ![legitimate.support, fraud.support].every(Number.isInteger)
  const weighted = format.weighted ?? countsFloats
  const width = Math.max('weighted avg'.length, digits)
  const line = (heading: string, ...cells: string[]) =>
    `${heading.padStart(width)} ${cells.map((cell) => ` ${cell.padStart(9)}`).join('')}\n`
  const support = (value: number) => (weighted ? pythonFloat(value) : String(value))
  const scores = (heading: string, of: ClassScores) =>
    line(heading, ...[of.precision, of.recall, of.f1].map((value) => fixed(value, digits)), support(of.support))
  const header = line('', 'precision', 'recall', 'f1-score', 'support')
  const classes = scores('0', legitimate) + scores('1', fraud)
  const averages =
    line('accuracy', '', '', fixed(accuracy, digits), support(macroAverage.support)) +
    scores('macro avg', macroAverage) +
    scores('weighted avg', weightedAverage)
  return [header, classes, averages].join('\n')
}

/** Python rounds an exact tie to the even digit (0.125 is 0.12), `toFixed` away from zero; all else they round alike. */
function fixed(value: number, digits: number): string {
  const rounded = value.toFixed(digits)
  // 60 digits show every tie whole: halves of 10^-digits have digits + 1 of them.
  const exact = value.toFixed(60)
  const end = exact.indexOf('.') + (digits === 0 ? 0 : digits + 1)
  const isTie = /^\.?50*$/.test(exact.slice(end))
  const truncated = exact.slice(0, end)
  return isTie && /[02468]$/.test(truncated) ? truncated : rounded
}

/** A float as Python's `repr` writes it: whole numbers with `.0`, exponents of two digits below 1e-4 and from 1e16. */
function pythonFloat(value: number): string {
  if (value !== 0 && (value < 1e-4 || value >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** As scikit-learn prints it; sums of weights are rounded to two decimals, where it shows every digit. */
export function classificationText({ classificationReport }: Pick<Evaluation, 'classificationReport'>): string {
  const { legitimate, fraud, accuracy, macroAverage, weightedAverage } = classificationReport
  const rounded = (scores: ClassScores) => ({ ...scores, support: Math.round(scores.support * 100) / 100 })
  const report: ClassificationReport = {
    legitimate: rounded(legitimate),
    fraud: rounded(fraud),
    accuracy,
    macroAverage: rounded(macroAverage),
    weightedAverage: rounded(weightedAverage),
  }
  return formatClassificationReport(report)
}
