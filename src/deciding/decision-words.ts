import { FraudError } from '../core/errors.ts'
import { showNumber } from '../core/money.ts'
import { featureReasons } from '../decisioning/feature-reasons.ts'
import type { Reason } from '../decisioning/opinion.ts'
import { TransactionMaker } from '../detector/declared-fields.ts'
import { type Detector, parseDetector } from '../detector/detector.ts'
import type { Transaction } from '../detector/transaction.ts'
import { type FeatureWording, sayValue, showFeature } from '../features/feature.ts'
import { compileDetector, type FeatureSet } from '../features/feature-set.ts'
import type { DecisionRecord, Definition } from '../log/log-record.ts'

/** What a definition knows of its records. */
interface Words {
  reasonsOf(record: DecisionRecord, transaction: Transaction | undefined): readonly Reason[]
  featuresOf(record: DecisionRecord): readonly FeatureInWords[]
}

/** A feature of a row, for people. */
export interface FeatureInWords {
  readonly name: string
  readonly value: number
  readonly text: string
}

/**
 * Puts decisions into words, each by the definition that was in force: its features, its detector's own words, its
 * currency. Of a definition whose features this version can't make, reasons are names and plain numbers.
 */
export class DecisionWords {
  readonly #byDefinition = new Map<number, Words>()

  /** @param transaction the record's own, where it is at hand. */
  reasonsOf(record: DecisionRecord, definition: Definition, transaction?: Transaction): readonly Reason[] {
    return record.contributions === undefined ? [] : this.#wordsOf(record, definition).reasonsOf(record, transaction)
  }

  /** The row of a decision, in words. */
  featuresOf(record: DecisionRecord, definition: Definition): readonly FeatureInWords[] {
    return this.#wordsOf(record, definition).featuresOf(record)
  }

  #wordsOf(record: DecisionRecord, definition: Definition): Words {
    let words = this.#byDefinition.get(record.definition)
    if (words === undefined) {
      words = wordsOf(definition)
      this.#byDefinition.set(record.definition, words)
    }
    return words
  }
}

function wordsOf({ detector: kept, columns, features: names, categories }: Definition): Words {
  const compiled = compileKept(kept)
  const known = new Map(compiled?.features.all.map((feature) => [feature.name, feature]))
  const features: readonly FeatureWording[] = names.map(
    (name) => known.get(name) ?? plainFeature(name, categories?.[name]),
  )
  const templates = templatesOf(kept)
  const maker = compiled && new TransactionMaker(compiled.detector, compiled.features.layout, columns)
  const transactionOf = (record: DecisionRecord) => maker && transactionBy(maker, record)
  return {
    reasonsOf(record, transaction = transactionOf(record)) {
      const { contributions = [], row } = record
      return featureReasons(contributions, row, (at) => {
        const feature = features[at]
        return {
          code: feature.name,
          template: templates.get(feature.name),
          say: () => sayValue(feature, row[at], transaction),
          show: () => showFeature(feature, row[at], transaction),
        }
      })
    },
    featuresOf(record) {
      const transaction = transactionOf(record)
      return features.map((feature, i) => {
        const value = record.row[i]
        return { name: feature.name, value, text: sayValue(feature, value, transaction) }
      })
    },
  }
}

/** The detector of a definition; undefined where this version can't read it. */
export function compileKept(kept: unknown): { readonly detector: Detector; readonly features: FeatureSet } | undefined {
  try {
    const detector = parseDetector(kept)
    return { detector, features: compileDetector(detector) }
  } catch (error) {
    // Another version wrote it; what was decided by it stays readable.
    if (error instanceof FraudError && error.code === 'DETECTOR_INVALID') return undefined
    throw error
  }
}

function plainFeature(name: string, categories: readonly string[] = []): FeatureWording {
  return { name, categories, say: (value) => `${name} is ${categories[value] ?? showNumber(value)}` }
}

/** The transaction as it was decided; undefined where its amount can't be read now. */
export function transactionBy(
  maker: TransactionMaker,
  { timestampMs, fields }: DecisionRecord,
): Transaction | undefined {
  const amount = maker.amountOf(fields)
  return typeof amount === 'number' ? maker.make(timestampMs, amount, fields) : undefined
}

/** The reasons' own words, of a detector as a log keeps it. */
function templatesOf(detector: unknown): ReadonlyMap<string, string> {
  const reasons: unknown =
    typeof detector === 'object' && detector !== null ? Reflect.get(detector, 'reasons') : undefined
  return new Map(
    Object.entries(reasons ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
