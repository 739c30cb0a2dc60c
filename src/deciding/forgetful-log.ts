import type { DecisionServiceOptions } from './decision-service.ts'
import type { ServiceLog } from './service-log.ts'

/** What a service needs that keeps nothing: it decides as any other, and all of it is forgotten. */
export function forgetfulParts(): Pick<
  DecisionServiceOptions,
  'log' | 'pages' | 'persons' | 'findSnapshot' | 'takeSnapshot'
> {
  return {
    log: new ForgetfulLog(),
    pages: {
      page: () => Promise.resolve({ records: [], next: null }),
      viewKey: () => Promise.reject(new Error('there are no keys to look at')),
    },
    persons: {
      known: (_, value) => value,
      lookUp: () => Promise.resolve([]),
      forgettings: 0,
      tokenOf: () => undefined,
      valueOf: () => undefined,
    },
    findSnapshot: () => undefined,
    takeSnapshot: () => Promise.reject(new Error('there is nothing to save in a snapshot')),
  }
}

/** A log that settles what is appended, and then knows nothing of it. */
class ForgetfulLog implements ServiceLog {
  readonly pending = 0
  readonly failure = undefined
  nextSequence = 1
  readonly reading: ServiceLog['reading'] = {
    atOneInstant: (read) => read(),
    find: () => undefined,
    idsEndingIn: () => [],
    at: () => undefined,
    labelsOf: () => [],
    lastLabel: () => undefined,
    next: () => [],
    allLabels: () => [],
    definition: () => {
      throw new Error('no record is kept that could ask for its definition')
    },
    lastDefinition: () => undefined,
    definitionSequences: () => [],
    lastSequence: () => 0,
    transactionsIn: () => ({ count: 0, newestMs: Number.NEGATIVE_INFINITY }),
    firstTransactionMs: () => undefined,
    unread: {},
    changesBefore: () => [],
    prunedThrough: () => 0,
    carried: () => ({}),
    hashAt: () => undefined,
    lastBefore: () => 0,
  }

  readonly lookUps: ServiceLog['lookUps'] = {
    mayHold: () => false,
    find: () => Promise.resolve(new Map()),
    findLabelled: () => Promise.resolve(new Map()),
  }

  append(_record: unknown, settled: () => void): number {
    queueMicrotask(settled)
    this.nextSequence += 1
    return this.nextSequence - 1
  }

  together<Result>(write: () => Result): Result {
    return write()
  }

  precede(): void {}

  follow(): void {}

  mistrust(): void {}

  poll(): void {}

  onFailure(): void {}

  recover(): Promise<boolean> {
    return Promise.resolve(true)
  }

  prune(): void {}

  erase(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
