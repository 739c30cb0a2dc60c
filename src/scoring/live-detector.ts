import { TransactionMaker } from '../core/declared-fields.ts'
import type { Detector } from '../core/detector.ts'
import { FraudError } from '../core/errors.ts'
import type { Transaction } from '../core/transaction.ts'
import type { LogReading, TransactionRecord } from '../decisioning/decision-log.ts'
import { type Policy, policyOf, warnOfPolicy } from '../decisioning/policy.ts'
import { compileDetector, type FeatureSet } from '../features/feature-set.ts'
import type { Predictor } from './predictor.ts'

/** Everything that a decision rests on beside histories. */
export interface LiveDetector {
  readonly detector: Detector
  readonly features: FeatureSet
  readonly predictor: Predictor
  readonly policy: Policy
}

export function createLiveDetector(detector: Detector, predictor: Predictor): LiveDetector {
  return { detector, features: compileDetector(detector), predictor, policy: policyOf(detector) }
}

/** What a person should know of the policy in force: that nothing but approve can come of it. */
export function warnOfLive({ policy, predictor }: LiveDetector): string | undefined {
  return warnOfPolicy(policy, predictor.highestScore)
}

/** Whether transactions of a detector can be decided one by one: they need an id, and a time. */
export function canDecide({ transaction }: Detector): boolean {
  return transaction.id !== undefined && transaction.time !== undefined
}

/** How far back the features look, at most; endless where they don't look back at all. */
export function longestSpanMs({ plan }: FeatureSet): number {
  const spans = plan.histories.map(({ spanMs }) => spanMs)
  return spans.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...spans)
}

/** Makes a detector's transactions of a log's records, whatever detector was in force when they were written. */
export class RecordTransactions {
  readonly #live: Pick<LiveDetector, 'detector' | 'features'>
  readonly #reading: Pick<LogReading, 'definition'>
  readonly #makers = new Map<number, TransactionMaker>()

  constructor(live: Pick<LiveDetector, 'detector' | 'features'>, reading: Pick<LogReading, 'definition'>) {
    this.#live = live
    this.#reading = reading
  }

  /** @throws FraudError LOG_INVALID where the record is no transaction of this detector. */
  of({ sequence, definition, timestampMs, fields }: TransactionRecord): Transaction {
    const maker = this.#maker(definition)
    const amount = maker.amountOf(fields)
    if (typeof amount === 'number') return maker.make(timestampMs, amount, fields)
    const { field, reason } = amount
    throw new FraudError(
      'LOG_INVALID',
      `Record ${sequence} of the log is no transaction of this detector: ${field} ${reason}`,
    )
  }

  #maker(definition: number): TransactionMaker {
    const known = this.#makers.get(definition)
    if (known !== undefined) return known
    const { detector, features } = this.#live
    const maker = new TransactionMaker(detector, features.layout, this.#reading.definition(definition).columns)
    this.#makers.set(definition, maker)
    return maker
  }
}
