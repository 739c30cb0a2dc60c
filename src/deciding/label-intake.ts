import { setImmediate as nextTurn } from 'node:timers/promises'
import { type FieldError, FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import { TransientMap } from '../core/transient-map.ts'
import type { DecisionLog, Settled } from '../log/decision-log.ts'
import type { LabelRecord } from '../log/log-record.ts'
import type { DecidingState } from './deciding-state.ts'
import type { DecisionObserver } from './decision-observer.ts'
import { idThatIsTold, type LabelAnswer, type LabelInput, sourceOfVerdict } from './labels.ts'
import type { KnownTransaction, LocalIntake } from './local-intake.ts'

export interface LabelIntakeOptions {
  readonly log: DecisionLog
  readonly observer: DecisionObserver
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Labels that may wait for their transactions. */
  readonly maxPendingLabels: number
}

type SaidLabel = Pick<LabelRecord, 'isFraud' | 'knownAtMs' | 'source' | 'by'>

interface LabelInFlight {
  readonly record: LabelRecord
  /** Those of its id that were on their way when it came. */
  readonly before: readonly LabelRecord[]
  /** The number of labels of its id, this one included. */
  readonly count: number
  readonly answer: Promise<LabelAnswer>
}

/** What is known of an id when a label of it takes its place. */
interface Known extends KnownTransaction {
  /** The last label that is on its way, or was when this was looked up. */
  readonly underway: LabelInFlight | undefined
  readonly last: LabelRecord | undefined
  readonly count: number
}

/** What became of a label of a file. */
export interface FileLabel {
  readonly answer: LabelAnswer
  /** Another one was there, and this one counts from now on. */
  readonly isChange: boolean
  /** It was said before, and another label, that came since, counts. */
  readonly isOverruled: boolean
}

/** A label that is to be withdrawn: its record's number and what it says, of which transaction. */
export interface StandingLabel {
  readonly id: string
  readonly of: number
  readonly label: number
  readonly isFraud: boolean
  readonly knownAtMs: number
  readonly source: string | null
}

/** Appends a record that is one with labels; resolves once it is durable. */
export type Alongside = () => Promise<unknown>

/**
 * Ids that are looked up in one turn of the loop, some tenths of a millisecond: each look reads the database's upper pages
 * again where somebody wrote since.
 */
const idsAtOnce = 32

/** Labels that an id may have. */
export const mostLabels = 100

/** Takes in what transactions turned out to be, in their place among decisions. */
export class LabelIntake {
  readonly #options: LabelIntakeOptions
  readonly #log: DecisionLog
  readonly #intake: LocalIntake
  /** The last labels that are being written, by transaction id. */
  readonly #labelsInFlight = new TransientMap<string, LabelInFlight>()
  /** The numbers of labels whose withdrawal is being written. */
  readonly #beingWithdrawn = new Set<number>()

  constructor(intake: LocalIntake, options: LabelIntakeOptions) {
    this.#intake = intake
    this.#options = options
    this.#log = options.log
  }

  /**
   * @param first the place in the caller's array of the first input; undefined where there was no array.
   * @param order as of `LocalIntake.take`.
   * @param alongside appends what is one with the labels, in the turn in which they take their places, or refuses them.
   * @throws FraudError LOG_UNAVAILABLE, OVERLOADED, LABELS_FULL, PENDING_LABELS_FULL, or INPUT_INVALID where one was known before its
   * transaction; then none of the labels counts.
   */
  label(
    inputs: readonly LabelInput[],
    by: string,
    first?: number,
    order?: symbol,
    alongside?: Alongside,
  ): Promise<readonly LabelAnswer[]> {
    this.#intake.requireReady()
    const ids = idsOf(inputs)
    return this.#intake.lanes.enter(
      ids,
      order,
      () => this.#lookUp(ids, mostLabels),
      (known) => this.#take(inputs, by, first, known, alongside),
    )
  }

  /**
   * Withdraws labels, which is one with what `alongside` appends; resolves once both are durable.
   *
   * @param find tells, in the turn in which that is done, which labels of the ids stand.
   * @throws FraudError LOG_UNAVAILABLE or OVERLOADED; then none is withdrawn.
   */
  async withdraw(
    ids: readonly string[],
    by: string,
    find: () => readonly StandingLabel[],
    alongside: Alongside,
  ): Promise<void> {
    this.#intake.requireReady()
    await this.#intake.lanes.enter(
      ids,
      undefined,
      () => this.#intake.findLabelled(ids, 0),
      (known) => {
        this.#intake.requireReady()
        const labels = find()
        return this.#log.together(() => {
          const beside = alongside()
          return Promise.all([beside, ...labels.map((label) => this.#withdraw(label, by, known.get(label.id)?.about))])
        })
      },
    )
  }

  #withdraw(label: StandingLabel, by: string, about: KnownTransaction['about']): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const settled: Settled = (error) => {
      this.#beingWithdrawn.delete(label.label)
      if (error === undefined) resolve()
      else reject(error)
    }
    const { source, ...said } = label
    const withdrawnAtMs = this.#options.clock()
    const record = { kind: 'label-withdrawn', ...said, withdrawnAtMs, by, ...(source !== null && { source }) } as const
    this.#log.append(record, settled, { about })
    this.#beingWithdrawn.add(label.label)
    // What is said again is a new label.
    this.#labelsInFlight.delete(label.id)
    return promise
  }

  /** Throws as `label` does for labels that were known before their transactions, and takes none in. */
  async refuseForeknown(inputs: readonly LabelInput[], first: number): Promise<void> {
    refuseForeknown(inputs, await this.#find(idsOf(inputs), 0), first)
  }

  /**
   * A label of a file that may be sent again, as a whole or in part: what was ever said of this id with this known-at
   * time changes nothing, even where another label came since. Throws as `label` does.
   *
   * @param saidAtMs when it was said, each time that it is sent: when it was known, where it does not say that itself.
   */
  labelOfFile(input: LabelInput, by: string, saidAtMs?: number): Promise<FileLabel> {
    const { transactionId: id } = input
    return this.#intake.lanes.enter(
      [id],
      undefined,
      () => this.#lookUp([id]),
      (known) => this.#takeOfFile(input, by, known, saidAtMs),
    )
  }

  async #takeOfFile(
    given: LabelInput,
    by: string,
    known: ReadonlyMap<string, Known>,
    saidAtMs: number | undefined,
  ): Promise<FileLabel> {
    const { about, underway, last, labels = [] } = known.get(given.transactionId) ?? {}
    const isRepeat = last !== undefined && isSame(last, given, by)
    const input = isRepeat ? given : knownWhenSaid(given, saidAtMs, about?.timestampMs)
    if (last !== undefined && !isRepeat && input.knownAtMs !== undefined) {
      const before = [...labels, ...(underway?.before ?? [])]
      const isTheSame = (label: LabelRecord) => isSame(label, input, by)
      const said = before.find(isTheSame) ?? saidBefore(before, { ...given, by }, saidAtMs, input.knownAtMs)
      if (said !== undefined) {
        this.#intake.requireReady()
        await underway?.answer
        return { answer: answerTo(said, about === undefined, true), isChange: false, isOverruled: true }
      }
    }
    const [answer] = await this.#take([input], by, undefined, known)
    return { answer, isChange: last !== undefined && !answer.duplicate, isOverruled: false }
  }

  async #lookUp(ids: readonly string[], most?: number): Promise<ReadonlyMap<string, Known>> {
    // Those on their way now may be durable, and no longer on their way, by the time that the answer comes.
    const onTheirWay = new Map(ids.map((id) => [id, this.#labelsInFlight.get(id)]))
    const before = new Set(this.#beingWithdrawn)
    const found = await this.#find(ids, most)
    const stands = ({ sequence }: { readonly sequence: number }) =>
      !before.has(sequence) && !this.#beingWithdrawn.has(sequence)
    return new Map(
      [...found].map(([id, { about, labels }]) => {
        const known = { about, labels: labels.filter(stands) }
        const underway = onTheirWay.get(id)
        const last = underway?.record ?? known.labels.at(-1)
        return [id, { ...known, underway, last, count: underway?.count ?? known.labels.length }]
      }),
    )
  }

  /** What is known of ids, a few in each turn, so that decisions go on in between. */
  async #find(ids: readonly string[], most?: number): Promise<ReadonlyMap<string, KnownTransaction>> {
    if (ids.length <= idsAtOnce) return this.#intake.findLabelled(ids, most)
    const found = new Map<string, KnownTransaction>()
    for (let from = 0; from < ids.length; from += idsAtOnce) {
      if (from > 0) await nextTurn()
      const some = await this.#intake.findLabelled(ids.slice(from, from + idsAtOnce), most)
      for (const [id, known] of some) found.set(id, known)
    }
    return found
  }

  #take(
    inputs: readonly LabelInput[],
    by: string,
    first: number | undefined,
    known: ReadonlyMap<string, Known>,
    alongside?: Alongside,
  ): Promise<readonly LabelAnswer[]> {
    const state = this.#intake.requireReady()
    refuseForeknown(inputs, known, first)
    refuseManyLabels(inputs, by, known)
    this.#refuseToWait(state, inputs, by, known)
    const write = () => inputs.map((input) => this.#label(input, by, known.get(input.transactionId)))
    const [beside, answers] = this.#log.together(() => [alongside?.(), write()] as const)
    return Promise.all([beside, ...answers]).then(([, ...all]) => all)
  }

  /**
   * Anybody can make up ids: labels of transactions that have not come must not grow without a bound, and those of one
   * key not to where there is no room for others'.
   */
  #refuseToWait(
    { projections: { pending } }: DecidingState,
    inputs: readonly LabelInput[],
    by: string,
    known: ReadonlyMap<string, Known>,
  ): void {
    const { maxPendingLabels } = this.#options
    const share = isKey(by) ? Math.ceil(maxPendingLabels / 2) - pending.countBy(by) : Number.POSITIVE_INFINITY
    const room = Math.min(maxPendingLabels - pending.count, share)
    if (inputs.length <= room) return
    const more = inputs.filter((input) => {
      const { about, last } = known.get(input.transactionId) ?? {}
      return about === undefined && !(last !== undefined && isSame(last, input, by))
    })
    if (more.length === 0 || more.length <= room) return
    this.#options.observer.labelsRefused(more.length)
    const waiting = room === share ? `${pending.countBy(by)} labels of this key` : `${pending.count} labels`
    throw new FraudError(
      'PENDING_LABELS_FULL',
      `${waiting} already wait for transactions that have not arrived; label transactions that have arrived`,
    )
  }

  #label(input: LabelInput, by: string, known: Known | undefined): Promise<LabelAnswer> {
    const { transactionId: id, isFraud, source } = input
    const about = known?.about
    const nowMs = this.#options.clock()
    // Another one of the same group may have come since.
    const underway = this.#labelsInFlight.get(id) ?? known?.underway
    const last = underway?.record ?? known?.last
    if (last !== undefined && isSame(last, input, by)) {
      const again = answerTo(last, about === undefined, true)
      return underway === undefined ? Promise.resolve(again) : underway.answer.then(() => again)
    }
    const record: LabelRecord = {
      kind: 'label',
      id,
      isFraud,
      // A transaction may be ahead of the clock.
      knownAtMs: input.knownAtMs ?? Math.max(nowMs, about?.timestampMs ?? nowMs),
      source,
      receivedAtMs: nowMs,
      of: about?.sequence ?? 0,
      by,
    }
    const { promise, resolve, reject } = Promise.withResolvers<LabelAnswer>()
    const settled: Settled = (error) => {
      if (this.#labelsInFlight.get(id)?.record === record) this.#labelsInFlight.delete(id)
      if (error === undefined) resolve(answerTo(record, about === undefined, false))
      else reject(error)
    }
    this.#log.append(record, settled, { about })
    const count = (underway?.count ?? known?.count ?? 0) + 1
    const before = underway === undefined ? [] : [...underway.before, underway.record]
    this.#labelsInFlight.set(id, { record, before, count, answer: promise })
    this.#options.observer.labelled(isFraud, nowMs, about && record.knownAtMs - about.timestampMs)
    return promise
  }
}

function idsOf(inputs: readonly LabelInput[]): readonly string[] {
  return [...new Set(inputs.map(({ transactionId }) => transactionId))]
}

/** Whether a principal's name is that of a key, of which there may be others. */
function isKey(by: string): boolean {
  return by.startsWith('key:') || by.startsWith('environment:')
}

/** A sender that contradicts itself endlessly must not fill the log or the pending labels. */
function refuseManyLabels(inputs: readonly LabelInput[], by: string, known: ReadonlyMap<string, Known>): void {
  const told = new Map<string, { readonly last: SaidLabel | undefined; readonly count: number }>(known)
  for (const input of inputs) {
    const { transactionId: id, isFraud, knownAtMs = Number.NaN, source } = input
    const { last, count } = told.get(id) ?? { last: undefined, count: 0 }
    if (last !== undefined && isSame(last, input, by)) continue
    if (count >= mostLabels)
      throw new FraudError('LABELS_FULL', `Transaction "${showValue(id)}" already has ${mostLabels} labels`, {
        errors: [{ field: 'transactionId', reason: `has ${mostLabels} labels`, ...idThatIsTold(id) }],
      })
    told.set(id, { last: { isFraud, knownAtMs, source, by }, count: count + 1 })
  }
}

/** Refuses labels that were known before their transactions took place. */
function refuseForeknown(
  inputs: readonly LabelInput[],
  known: ReadonlyMap<string, KnownTransaction>,
  first: number | undefined,
): void {
  const errors = inputs.flatMap(({ transactionId, knownAtMs = Number.POSITIVE_INFINITY }, i): FieldError[] => {
    const at = first === undefined ? '' : `[${first + i}].`
    const isForeknown = knownAtMs < (known.get(transactionId)?.about?.timestampMs ?? Number.NEGATIVE_INFINITY)
    const reason = "is before the transaction's own time"
    return isForeknown ? [{ field: `${at}knownAt`, reason, ...idThatIsTold(transactionId) }] : []
  })
  if (errors.length > 0)
    throw new FraudError('INPUT_INVALID', "A label can't be known before its transaction", { errors })
}

/** What a verdict said is its own: it may be taken back, and what others said stays. */
function isSame(last: SaidLabel, { isFraud, knownAtMs, source }: LabelInput, by: string): boolean {
  return (
    last.isFraud === isFraud &&
    (last.by === undefined || last.by === by || last.source !== sourceOfVerdict(last.by)) &&
    (knownAtMs === undefined || knownAtMs === last.knownAtMs) &&
    (source === undefined || source === last.source)
  )
}

/** A transaction may be ahead of the clock, and then of what is said of it. */
function knownWhenSaid(input: LabelInput, saidAtMs: number | undefined, timestampMs: number | undefined): LabelInput {
  if (input.knownAtMs !== undefined || saidAtMs === undefined) return input
  return { ...input, knownAtMs: Math.max(saidAtMs, timestampMs ?? saidAtMs) }
}

/** The label that one without a known-at time repeated when it was said: of its time, or the one that counted then. */
function saidBefore(
  labels: readonly LabelRecord[],
  input: LabelInput & { readonly by: string },
  saidAtMs: number | undefined,
  knownAtMs: number,
): LabelRecord | undefined {
  if (input.knownAtMs !== undefined) return undefined
  // Its transaction may not have come by then.
  const atOnce = labels.find((label) => label.knownAtMs === saidAtMs && isSame(label, input, input.by))
  const counted = labels.findLast((label) => label.knownAtMs <= knownAtMs)
  return atOnce ?? (counted && isSame(counted, input, input.by) ? counted : undefined)
}

function answerTo({ id, isFraud, knownAtMs, source }: LabelRecord, pending: boolean, duplicate: boolean): LabelAnswer {
  const knownAt = formatIsoTime(knownAtMs)
  return { transactionId: id, isFraud, knownAt, source: source ?? null, pending, duplicate }
}
