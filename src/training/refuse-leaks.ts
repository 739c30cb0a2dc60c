import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { option, optionInvalid } from '../core/option.ts'
import { pickBytes, pickNumbers, rowsWhere } from '../core/rows.ts'
import { quoteForShell } from '../core/shell.ts'
import { thin } from '../data/split.ts'
import { type SingleFeature, suspiciousFeatures } from '../evaluation/single-features.ts'
import type { LabelledRows } from './labelled-rows.ts'

export interface LeakRequest {
  /** Features that are allowed however well they separate the classes. */
  readonly allowLeak?: readonly string[]
}

/** Enough for three digits, and sorted in a moment. */
const mostOfAClass = { fraud: 20_000, legitimate: 100_000 }

/** The features of a part of the rows that alone separate fraud almost perfectly. */
export function findSuspicious(rows: LabelledRows, part: Uint32Array, isWeighted: boolean): readonly SingleFeature[] {
  const all = {
    fraud: rowsWhere(part, (row) => rows.labels[row] === 1),
    legitimate: rowsWhere(part, (row) => rows.labels[row] === 0),
  }
  const fraud = thin(all.fraud, mostOfAClass.fraud)
  const legitimate = thin(all.legitimate, mostOfAClass.legitimate)
  const sample = Uint32Array.from([...fraud, ...legitimate]).sort()
  const standFor = [all.legitimate.length / legitimate.length, all.fraud.length / fraud.length]
  return suspiciousFeatures(
    rows.features,
    rows.columns.map((column) => pickNumbers(column, sample)),
    pickBytes(rows.labels, sample),
    Float64Array.from(sample, (row) => standFor[rows.labels[row]] * ((isWeighted && rows.weights?.[row]) || 1)),
  )
}

/**
 * Looks at the rows to learn from, before any training.
 *
 * @returns what is suspicious and yet allowed, or not certain.
 * @throws FraudError LEAK_SUSPECTED; OPTION_INVALID where a feature that is allowed does not exist.
 */
export function refuseLeaks(
  rows: LabelledRows,
  part: Uint32Array,
  { allowLeak = [] }: LeakRequest,
  isWeighted: boolean,
): readonly SingleFeature[] {
  const unknown = allowLeak.find((name) => !rows.features.includes(name))
  if (unknown !== undefined) {
    throw optionInvalid(
      'allowLeak',
      `${unknown}: there is no feature of that name${suggestion(unknown, rows.features)}`,
    )
  }
  const suspicious = findSuspicious(rows, part, isWeighted)
  const refused = suspicious.filter(({ feature, isCertain }) => isCertain && !allowLeak.includes(feature))
  if (refused.length === 0) return suspicious
  const cure = refused.map(({ feature }) => `${option('allowLeak')} ${quoteForShell(feature)}`).join(' ')
  const [it, them] = refused.length === 1 ? ['it is', 'it'] : ['they are', 'them']
  throw new FraudError(
    'LEAK_SUSPECTED',
    `${refused.map(describeSuspicious).join('; ')}. Nothing was trained or written. A feature like this is usually known ` +
      `only after the fact: leave ${them} out of the features, or, if ${it} known when a transaction arrives, say ${cure}`,
  )
}

/** The warning about a feature that is trained on nevertheless. */
export function warnOfSuspicious(each: SingleFeature): string {
  const doubt = each.isCertain
    ? 'is it really known when the transaction happens?'
    : `is it really known when the transaction happens, or is this chance, with only ${each.frauds} frauds?`
  return `${describeSuspicious(each)}: ${doubt}`
}

function describeSuspicious({ feature, rocAuc, averagePrecision }: SingleFeature): string {
  const figures = `ROC AUC ${rocAuc.toFixed(3)}, average precision ${averagePrecision.toFixed(3)}`
  return `${feature} alone separates fraud almost perfectly (${figures})`
}
