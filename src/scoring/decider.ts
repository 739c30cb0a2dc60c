import assert from 'node:assert/strict'
import type { FieldError } from '../core/errors.ts'
import type { LiveTransaction } from '../core/live-transaction.ts'
import type { Decision } from '../decisioning/decision.ts'
import { Judge, type JudgeOptions } from './judgement.ts'
import { type FileLabel, LabelIntake, type LabelIntakeOptions } from './label-intake.ts'
import type { LabelAnswer, LabelInput } from './labels.ts'
import { longestSpanMs } from './live-detector.ts'
import type { LiveState } from './live-state.ts'
import { LocalIntake, type LocalIntakeOptions } from './local-intake.ts'

export type DeciderOptions = LocalIntakeOptions & LabelIntakeOptions & JudgeOptions

/** Decides transactions, one after the other, each on everything that came before it. */
export class Decider {
  readonly #options: DeciderOptions
  readonly #intake: LocalIntake
  readonly #labels: LabelIntake
  #judge: Judge | undefined
  #spanMs = Number.POSITIVE_INFINITY

  constructor(options: DeciderOptions) {
    this.#options = options
    this.#intake = new LocalIntake(options)
    this.#labels = new LabelIntake(this.#intake, options)
  }

  get isReady(): boolean {
    return this.state !== undefined && this.#options.log.failure === undefined
  }

  get state(): LiveState | undefined {
    return this.#intake.state
  }

  /** How much event time the log covers; 0 where it is empty. */
  get coverageMs(): number {
    return this.#judge?.coverageMs ?? 0
  }

  get spanMs(): number {
    return this.#spanMs
  }

  /** Decides with these histories from the next transaction on; undefined: not until there are some again. */
  use(state: LiveState | undefined): void {
    this.#intake.use(state)
    this.#judge = state && new Judge(state, this.#options)
    if (state !== undefined) this.#spanMs = longestSpanMs(state.live.features)
  }

  /**
   * Decides a transaction, durably, as `LocalIntake.take`.
   *
   * @param waitedMs how long the transaction has waited so far.
   * @param isAsked whether to explain an approval, too.
   */
  decide(input: LiveTransaction, waitedMs: () => number, isAsked = false): Promise<Decision> {
    return this.#intake.take(input, (histories) => {
      assert(this.#judge !== undefined, 'an intake that is ready was given histories')
      return this.#judge.judge(input, histories, waitedMs, isAsked)
    })
  }

  /** As `LocalIntake.bringIn`. */
  bringIn(input: LiveTransaction, isLabelled: boolean): Promise<boolean> {
    return this.#intake.bringIn(input, isLabelled)
  }

  /** As `LabelIntake.label`. */
  label(inputs: readonly LabelInput[], by: string, first?: number): Promise<readonly LabelAnswer[]> {
    return this.#labels.label(inputs, by, first)
  }

  /** As `LabelIntake.refuseForeknown`. */
  refuseForeknown(inputs: readonly LabelInput[], first: number): void {
    this.#labels.refuseForeknown(inputs, first)
  }

  /** As `LabelIntake.labelOfFile`. */
  labelOfFile(input: LabelInput, by: string): Promise<FileLabel> {
    return this.#labels.labelOfFile(input, by)
  }

  /** As `LocalIntake.differences`. */
  differences(input: LiveTransaction): readonly FieldError[] | undefined {
    return this.#intake.differences(input)
  }

  isFull(): boolean {
    return this.#intake.isFull()
  }

  hasRoom(): boolean {
    return this.#intake.hasRoom()
  }

  room(): Promise<void> {
    return this.#intake.room()
  }
}
