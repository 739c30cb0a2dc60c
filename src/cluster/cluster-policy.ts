import { FraudError } from '../core/errors.ts'
import { type ChangeContext, examineChange, recordOfChange } from '../deciding/change-policy.ts'
import { concealChange } from '../deciding/conceal-change.ts'
import type { ChangeAnswer } from '../deciding/policy-changes.ts'
import type { PolicyDesk } from '../deciding/policy-desk.ts'
import { type NumberedEntry, type PolicyInForce, thresholdsAlone } from '../decisioning/index.ts'
import { warnOfPolicy } from '../decisioning/policy.ts'
import type { ReceivedTransactionReader } from '../detector/received-transaction.ts'
import type { ChangeLane } from './change-lane.ts'
import type { Changes } from './changes.ts'
import { refuseUncountable } from './countable-change.ts'

export interface ClusterPolicyOptions {
  readonly lane: ChangeLane
  readonly changes: Changes
  readonly reader: Pick<ReceivedTransactionReader, 'readKey'>
  readonly clock: () => number
  /** The highest that the model can give which decides now. */
  readonly highestScore: () => number | undefined
  /** 32 random bytes in hex. */
  readonly makeSecret: () => string
  /** Why nothing can be changed now; undefined where it can. */
  readonly whyNotReady: () => string | undefined
}

/** The policy of a cluster, as its control lane has made it here. */
export class ClusterPolicy implements PolicyDesk {
  readonly #options: ClusterPolicyOptions

  constructor(options: ClusterPolicyOptions) {
    this.#options = options
  }

  /** @throws FraudError NOT_READY where changes may not be taken yet */
  get policy(): PolicyInForce {
    this.#requireReady()
    return this.#options.lane.policy.inForce
  }

  /** What trips is refused. */
  readonly trippedFuses: readonly string[] = []

  /**
   * Changes what is in force, durably: here from the answer on, in other replicas as soon as they have read it.
   *
   * @throws FraudError as one process does, and CLUSTER_UNSUPPORTED
   */
  async change(given: unknown, context: Omit<ChangeContext, 'atMs' | 'tokens'>): Promise<ChangeAnswer> {
    const { lane, changes, makeSecret } = this.#options
    this.#requireReady()
    let warned: ChangeAnswer['warnings'] = []
    const { position, told } = await changes.make(
      () => {
        const atMs = this.#options.clock()
        const change = this.#conceal(given)
        refuseUncountable(change)
        const made = recordOfChange(lane.policy, change, { ...context, atMs }, { ...this.#examining, makeSecret })
        warned = made.warnings
        return made
      },
      () => ({ version: lane.policy.inForce.version, reason: this.#warnOfPolicy() }),
    )
    const { version, reason } = told
    const warnings = reason === undefined ? warned : [...warned, { field: 'policy', reason }]
    return { version, sequence: position, warnings }
  }

  /** A change that waits for somebody else: a cluster has no users who could approve it. */
  async draft(): Promise<never> {
    throw new FraudError('CLUSTER_UNSUPPORTED', 'A cluster has no users who could approve a change')
  }

  examine(given: unknown): ReturnType<PolicyDesk['examine']> {
    const change = this.#conceal(given)
    refuseUncountable(change)
    const { problems, warnings } = examineChange(this.policy, change, this.#examining)
    return { problems, warnings }
  }

  *entriesOf(list: string, after: number): Generator<NumberedEntry> {
    const nowMs = this.#options.clock()
    for (const entry of this.policy.entriesOf(list)?.entries(after) ?? []) {
      if (nowMs < (entry.expiresAtMs ?? Number.POSITIVE_INFINITY)) yield entry
    }
  }

  get #examining() {
    const { clock, highestScore } = this.#options
    // Detectors with persons are refused.
    return { atMs: clock(), highestScore: highestScore(), isPerson: () => false }
  }

  #conceal(given: unknown): unknown {
    return concealChange(given, this.policy, (name, value) => this.#options.reader.readKey(name, value))
  }

  #warnOfPolicy(): string | undefined {
    const thresholds = thresholdsAlone(this.#options.lane.policy.inForce.definitions)
    return thresholds && warnOfPolicy(thresholds, this.#options.highestScore(), 'Set one with PUT /v1/policy')
  }

  #requireReady(): void {
    const reason = this.#options.whyNotReady()
    if (reason !== undefined) throw new FraudError('NOT_READY', reason)
  }
}
