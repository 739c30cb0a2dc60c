import type { Decisions } from '../deciding/decisions.ts'
import type { LabelInput } from '../deciding/labels.ts'
import type { Detector } from '../detector/detector.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import type { LogReading, TransactionRecord } from '../log/decision-log.ts'

export type ReplayedAs = 'history' | 'decisions'

/** Where a replay's transactions and labels go, each in the order in which it is given. */
export interface IntakeTarget {
  readonly detector: Detector
  readonly features: FeatureSet
  /** What is kept of a transaction. */
  readonly columns: readonly string[]
  readonly reading: Pick<LogReading, 'find' | 'lastLabel' | 'labelsOf' | 'atOneInstant' | 'definition' | 'idsEndingIn'>
  /** Whether only a later answer tells of a transaction that is refused for its id. */
  readonly answersLater: boolean
  /** The fields in which a transaction differs from the one of its id; undefined where only the answer to it tells. */
  differences(value: object, first: TransactionRecord): readonly string[] | undefined
  /** Whether it was new; refused with TRANSACTION_CONFLICT, at once or later. */
  send(value: Readonly<Record<string, unknown>>, isLabelled: boolean): Promise<boolean>
  /** Resolves once it is known of all transactions so far whether they were taken in, unless only later answers tell. */
  placed(): Promise<void>
  /** Whether it was new. */
  sendLabel(label: LabelInput & { readonly knownAtMs: number }): Promise<boolean>
  /** The oldest time that histories still hold; an older transaction is in no history. */
  keptFromMs(): number
  /** Resolves once all transactions so far are answered. */
  flush(): Promise<void>
}

/** A data directory that this process works on. */
export function directoryTarget(service: Decisions, as: ReplayedAs): IntakeTarget {
  const { detector, features } = service.inForce
  const order = Symbol('file')
  return {
    ...{ detector, features, reading: service.reading, answersLater: false },
    columns: service.decider.state?.definition.columns ?? [],
    differences: (value, first) => service.differences(value, first).map(({ field }) => field),
    send: (value, isLabelled) =>
      as === 'history'
        ? service.bringIn(value, isLabelled, order)
        : service.decide(value, undefined, () => 0, false, order).then(({ duplicate }) => !duplicate),
    sendLabel: async (label) => {
      const [{ duplicate }] = await service.decider.label([label], 'command:replay', undefined, order)
      return !duplicate
    },
    placed: () => service.decider.placed(order),
    keptFromMs: () => service.decider.state?.times.keptFromMs ?? Number.NEGATIVE_INFINITY,
    flush: async () => {},
  }
}
