import type { FieldError } from '../core/errors.ts'
import type { Decision } from '../decisioning/decision.ts'
import type { TransactionRecord } from '../log/decision-log.ts'
import type { Person, PersonalValue } from '../log/personal-values.ts'
import type { ScoresElsewhere } from './begun-transactions.ts'
import type { DecidingState } from './deciding-state.ts'
import { longestSpanMs } from './detector-in-force.ts'
import {
  type Alongside,
  type FileLabel,
  LabelIntake,
  type LabelIntakeOptions,
  type StandingLabel,
} from './label-intake.ts'
import type { LabelAnswer, LabelInput } from './labels.ts'
import { type DecisionSettled, LocalIntake, type LocalIntakeOptions } from './local-intake.ts'
import type { Received } from './receiver.ts'

/** More would hold up the decisions behind them. */
const mostLabelsAtOnce = 64

type DeciderOptions = LocalIntakeOptions & LabelIntakeOptions

/** Decides transactions, one after the other, each on everything that came before it. */
export class Decider {
  readonly #options: DeciderOptions
  readonly #intake: LocalIntake
  readonly #labels: LabelIntake

  constructor(options: DeciderOptions) {
    this.#options = options
    this.#intake = new LocalIntake(options)
    this.#labels = new LabelIntake(this.#intake, options)
  }

  get isReady(): boolean {
    return this.state !== undefined && this.#options.log.failure === undefined
  }

  /** As `LocalIntake.hasUnplaced`. */
  get hasUnplaced(): boolean {
    return this.#intake.hasUnplaced
  }

  /** As `LocalIntake.scoreBy`. */
  scoreBy(scores: ScoresElsewhere): ReturnType<LocalIntake['scoreBy']> {
    return this.#intake.scoreBy(scores)
  }

  get state(): DecidingState | undefined {
    return this.#intake.state
  }

  /** How much event time the log covers; 0 where it is empty. */
  get coverageMs(): number {
    return this.state?.judge.coverageMs ?? 0
  }

  /** How far back the features look. */
  get spanMs(): number {
    return longestSpanMs(this.#options.lineup.champion.inForce.features)
  }

  /**
   * Decides a transaction, durably, as `LocalIntake.take`.
   *
   * @param waitedMs how long the transaction has waited so far.
   * @param explain whether to explain an approval, too.
   */
  decide(received: Received, waitedMs: () => number, explain = false, order?: symbol): Promise<Decision> {
    const trace = this.#options.tracing?.begin()
    const decided = this.#intake.take(received, { waitedMs, explain, trace }, order)
    if (trace !== undefined) decided.then(() => trace.end(undefined), trace.end)
    return decided
  }

  /** As `LocalIntake.settle`. */
  settle(received: Received, waitedMs: () => number, explain: boolean, settled: DecisionSettled): void {
    const trace = this.#options.tracing?.begin()
    const asked = { waitedMs, explain, trace }
    if (trace === undefined) this.#intake.settle(received, asked, settled)
    else {
      this.#intake.settle(received, asked, (error, decision) => {
        trace.end(error)
        settled(error, decision)
      })
    }
  }

  /** As `LocalIntake.bringIn`. */
  bringIn(received: Received, isLabelled: boolean, order?: symbol): Promise<boolean> {
    return this.#intake.bringIn(received, isLabelled, order)
  }

  /** As `LabelIntake.label`. */
  label(inputs: readonly LabelInput[], by: string, first?: number, order?: symbol): Promise<readonly LabelAnswer[]> {
    return this.#labels.label(inputs, by, first, order)
  }

  /** Labels that are one with a record that `alongside` appends, in the turn in which they take their places. */
  labelAlongside(inputs: readonly LabelInput[], by: string, alongside: Alongside): Promise<readonly LabelAnswer[]> {
    return this.#labels.label(inputs, by, undefined, undefined, alongside)
  }

  /** As `LabelIntake.withdraw`. */
  withdraw(
    ids: readonly string[],
    by: string,
    find: () => readonly StandingLabel[],
    alongside: Alongside,
  ): Promise<void> {
    return this.#labels.withdraw(ids, by, find, alongside)
  }

  /** As `LabelIntake.refuseForeknown`. */
  refuseForeknown(inputs: readonly LabelInput[], first: number): Promise<void> {
    return this.#labels.refuseForeknown(inputs, first)
  }

  /** As `LabelIntake.labelOfFile`. */
  labelOfFile(input: LabelInput, by: string, saidAtMs?: number): Promise<FileLabel> {
    return this.#labels.labelOfFile(input, by, saidAtMs)
  }

  /** As `LocalIntake.withPersons`. */
  withPersons<Answer>(
    values: readonly PersonalValue[],
    step: (made: readonly Person[]) => Promise<Answer>,
  ): Promise<Answer> {
    return this.#intake.withPersons(values, step)
  }

  /** As `LocalIntake.differences`. */
  differences(received: Received, first: TransactionRecord): readonly FieldError[] {
    return this.#intake.differences(received, first)
  }

  /** As `LocalIntake.placed`. */
  placed(order: symbol): Promise<void> {
    return this.#intake.placed(order)
  }

  /** Records on the way at which more are refused. */
  get maxPending(): number {
    return this.#options.maxPending
  }

  /**
   * Labels that have their places in one turn of the loop, and share a commit: each commit writes whole pages. As many as
   * leave a quarter of the room to decisions where half of it is taken.
   */
  get labelsAtOnce(): number {
    return Math.max(1, Math.min(mostLabelsAtOnce, Math.floor(this.maxPending / 4)))
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
