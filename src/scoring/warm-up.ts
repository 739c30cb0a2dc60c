import { setImmediate as nextTurn } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import type { LiveTransactionReader } from '../core/live-transaction.ts'
import type { DecisionLog, LogReading } from '../decisioning/decision-log.ts'
import type { Definition } from '../decisioning/log-record.ts'
import { MemoryHistories } from '../features/memory-histories.ts'
import { Decider } from './decider.ts'
import { HistoryFold, labelWaitMs } from './history-fold.ts'
import type { LiveDetector } from './live-detector.ts'

export interface WarmUpOptions {
  readonly reader: LiveTransactionReader
  readonly definition: Definition
  /** A transaction that the detector takes, at a time. */
  readonly exampleOf: (live: LiveDetector, timestampMs: number) => Readonly<Record<string, unknown>>
  readonly clock: () => number
}

/** After some hundreds of calls V8 has compiled the path for good; what follows costs the same each time. */
const decisions = 600
const decisionsPerTurn = 16
/** An explanation may take as long as many scores. */
const explainedEvery = 16
/** A model that takes long is no faster the second time, so nobody waits for all of it. */
const longestMs = 1000
const stepMs = 60_000

/**
 * Decides made-up transactions with histories and a log of their own, which are then thrown away, so that the code of the
 * path and what the model makes at its first row are ready before the first customer's.
 */
export async function warmUp(live: LiveDetector, { reader, definition, exampleOf, clock }: WarmUpOptions) {
  const { features } = live
  const startMs = clock()
  const log = new ForgetfulLog(definition)
  const options = { log, observer: nobody, maxAheadMs: Number.POSITIVE_INFINITY, onFault: () => {} }
  const decider = new Decider({ ...options, clock, maxPending: decisions, maxPendingLabels: 0 })
  const fold = new HistoryFold(new MemoryHistories(features.plan), labelWaitMs(features))
  const state = { live, definition, definitionSequence: 1, fold }
  decider.use({ ...state, coveredSinceMs: undefined, lostUntilMs: Number.NEGATIVE_INFINITY })
  try {
    for (let i = 0; i < decisions && clock() - startMs < longestMs; i++) {
      const body = JSON.stringify(exampleOf(live, startMs + i * stepMs))
      const answer = await decider.decide(reader.read(JSON.parse(body)), () => 0, i % explainedEvery === 0)
      JSON.stringify(answer)
      if (i % decisionsPerTurn === 0) await nextTurn()
    }
  } catch (error) {
    // An example that this detector does not take costs the first customers some milliseconds, and no decision.
    if (!(error instanceof FraudError)) throw error
  }
}

const nobody = { decided: () => {}, duplicate: () => {}, labelled: () => {}, labelsRefused: () => {} }

/** A log that knows one definition, and nothing that is appended. */
class ForgetfulLog implements DecisionLog {
  readonly pending = 0
  readonly failure = undefined
  readonly reading: LogReading
  nextSequence = 2

  constructor(definition: Definition) {
    this.reading = {
      atOneInstant: (read) => read(),
      find: () => undefined,
      at: () => undefined,
      labelsOf: () => [],
      lastLabel: () => undefined,
      countLabels: () => 0,
      next: () => [],
      pendingLabels: () => [],
      definition: () => definition,
      lastDefinition: () => ({ sequence: 1, definition }),
      definitionSequences: () => [1],
      lastSequence: () => 1,
      transactionsIn: () => ({ count: 0, newestMs: Number.NEGATIVE_INFINITY }),
      firstTransactionMs: () => undefined,
      unread: {},
      prunedThrough: () => 0,
    }
  }

  append(_record: unknown, settled: () => void): number {
    queueMicrotask(settled)
    this.nextSequence += 1
    return this.nextSequence - 1
  }

  poll(): void {}

  onFailure(): void {}

  recover(): Promise<boolean> {
    return Promise.resolve(true)
  }
}
