import { type Case, claimMs, type OpenedTransaction, stateAt, type Verdict } from '../cases/case.ts'
import type { ActionOnCase } from '../cases/case-actions.ts'
import { standingVerdict } from '../cases/case-view.ts'
import type { CasesProjection } from '../cases/cases-projection.ts'
import { invalid, refuseAction, refuseMerge, refuseOthers, requireCase } from '../cases/check-action.ts'
import { holdsCardNumber } from '../core/card-number.ts'
import { FraudError } from '../core/errors.ts'
import type { JsonObject } from '../core/json-value.ts'
import { showValue } from '../core/show-value.ts'
import { whyNotKept } from '../detector/kept-text.ts'
import type { DecisionLog } from '../log/decision-log.ts'
import type { Person, PersonalValues } from '../log/personal-values.ts'
import { appendChange } from './append-change.ts'
import type { Decider } from './decider.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import type { StandingLabel } from './label-intake.ts'
import { type LabelInput, sourceOfVerdict } from './labels.ts'
import { notReady } from './local-intake.ts'
import type { ServiceLog } from './service-log.ts'

export interface CaseDeskOptions {
  readonly log: DecisionLog & Pick<ServiceLog, 'erase'>
  readonly persons: PersonalValues
  readonly clock: () => number
}

/** What decides now. */
interface DecidingNow {
  readonly inForce: DetectorInForce
  /** Resolves once no detector is taking over from another. */
  settled(): Promise<void>
}

/** The name that the text of a note is kept under among what may be forgotten. */
const noteKey = 'case-note'
const longestNote = 2000
const longestName = 200

/** What somebody says of a case. */
export interface SaidVerdict {
  readonly verdict: Verdict
  /** Ids of transactions that it is of; all that are open by default. */
  readonly transactions?: readonly string[] | undefined
  readonly code?: string | undefined
  readonly note?: string | undefined
}

/** Takes in what people do to cases: checked against what is, then durable, then answered. */
export class CaseDesk {
  readonly #decisions: DecidingNow
  readonly #decider: Decider
  readonly #options: CaseDeskOptions

  constructor(decisions: DecidingNow, decider: Decider, options: CaseDeskOptions) {
    this.#decisions = decisions
    this.#decider = decider
    this.#options = options
  }

  /** @throws FraudError NOT_READY */
  get cases(): CasesProjection {
    const { state } = this.#decider
    if (state === undefined) throw notReady
    return state.projections.cases
  }

  get nowMs(): number {
    return this.#options.clock()
  }

  /** @throws FraudError CASE_UNKNOWN */
  find(id: string): Case {
    return requireCase(this.cases, id)
  }

  /** The text of a note; undefined where it was erased. */
  readonly noteOf = (token: string): string | undefined => {
    return this.#options.persons.valueOf(token)?.replace(/^[^ ]* /, '')
  }

  /** Has a case to oneself for a while; again, for a while from now. */
  claim(id: string, by: string): Promise<Case> {
    return this.#act(id, by, undefined, ({ nowMs }) => ({ action: 'claim', case: id, untilMs: nowMs + claimMs }))
  }

  /** Claims the first of the queue that nobody has, and that is nobody else's; undefined where there is none. */
  async claimNext(by: string): Promise<Case | undefined> {
    await this.#decisions.settled()
    const next = this.#nextFor(by)
    return next && (await this.claim(next.id, by))
  }

  #nextFor(by: string): Case | undefined {
    const { nowMs } = this
    for (const one of this.cases.queue.items()) {
      const { assignee = by, escalation } = one
      const isOthers = assignee !== by || (escalation?.by === by && one.assignee !== by)
      if (!isOthers && stateAt(one, nowMs) === 'open') return one
    }
    return undefined
  }

  /** What was not claimed stays so. */
  async release(id: string, by: string): Promise<Case> {
    await this.#decisions.settled()
    const { claim } = this.find(id)
    if (claim === undefined || claim.untilMs <= this.nowMs) return this.find(id)
    return await this.#act(id, by, undefined, () => ({ action: 'release', case: id }))
  }

  /**
   * What a case is. `fraud` and `legitimate` become labels of its transactions, which are durable with the verdict or not
   * at all; the same again changes nothing.
   */
  async verdict(id: string, said: SaidVerdict, by: string): Promise<Case> {
    const { verdict, code, note } = said
    this.#refuseCode(code)
    await this.#decisions.settled()
    if (isSaidAlready(this.find(id), said, by)) return this.find(id)
    return await this.#noted(note, id, async (token, made) => {
      const of = transactionsOf(this.find(id), said.transactions)
      const record = () => {
        const one = this.find(id)
        refuseAction(one, 'verdict', by, this.nowMs)
        // What joined the case meanwhile nobody has seen yet.
        const transactions = transactionsOf(
          one,
          of.map((each) => each.id),
        ).map(({ sequence }) => sequence)
        if (transactions.length === 0) throw invalid('transactions', 'names no transaction')
        const change = {
          action: 'verdict',
          case: id,
          verdict,
          transactions,
          ...(code !== undefined && { code }),
        } as const
        return this.#append({ ...change, ...token }, by, made)
      }
      if (verdict === 'unsure') await record()
      else {
        const labels = of.map(({ id: transactionId }): LabelInput => {
          return { transactionId, isFraud: verdict === 'fraud', knownAtMs: undefined, source: sourceOfVerdict(by) }
        })
        await this.#decider.labelAlongside(labels, by, record)
      }
    })
  }

  /** Takes the last verdict that stands back, and its labels with it; again by the same person changes nothing. */
  async undo(id: string, note: string | undefined, by: string): Promise<Case> {
    await this.#decisions.settled()
    const last = standingVerdict(this.find(id))
    const { action, by: undoneBy } = this.find(id).history.at(-1) ?? {}
    if (last === undefined && action === 'undo' && undoneBy === by) return this.find(id)
    return await this.#noted(note, id, async (token, made) => {
      const one = this.find(id)
      const given = standingVerdict(one)
      if (given === undefined) throw new FraudError('CASE_WITHOUT_VERDICT', 'There is no verdict on this case to undo')
      const of = given.sequence
      const record = () => {
        if (standingVerdict(this.find(id))?.sequence !== of)
          throw new FraudError('CASE_WITHOUT_VERDICT', 'This verdict is being undone')
        refuseAction(one, 'undo', by, this.nowMs)
        return this.#append({ action: 'undo', case: id, of, ...token }, by, made)
      }
      const judged = one.transactions.filter(({ verdict }) => verdict?.sequence === of)
      const ids = judged.map((each) => each.id)
      await this.#decider.withdraw(ids, by, () => labelsOfVerdict(judged, given), record)
    })
  }

  note(id: string, text: string, by: string): Promise<Case> {
    return this.#noted(text, id, (token, made) => {
      refuseAction(this.find(id), 'note', by, this.nowMs)
      return this.#append({ action: 'note', case: id, note: token.note ?? '' }, by, made)
    })
  }

  snooze(id: string, untilMs: number, note: string | undefined, by: string): Promise<Case> {
    return this.#act(id, by, note, () => ({ action: 'snooze', case: id, untilMs }))
  }

  /** @param to the name of a principal, or nobody. */
  assign(id: string, to: string | null, note: string | undefined, by: string): Promise<Case> {
    if (to !== null) refuseName('to', to)
    return this.#act(id, by, note, () => ({ action: 'assign', case: id, to }))
  }

  escalate(id: string, to: string | undefined, note: string | undefined, by: string): Promise<Case> {
    if (to !== undefined) refuseName('to', to)
    return this.#act(id, by, note, () => ({ action: 'escalate', case: id, ...(to !== undefined && { to }) }))
  }

  link(id: string, other: string, note: string | undefined, by: string): Promise<Case> {
    return this.#act(id, by, note, ({ one }) => {
      if (one === requireCase(this.cases, other)) throw invalid('with', 'is the case itself')
      return { action: 'link', case: id, with: other }
    })
  }

  /** Everything of a case goes to another one, which is returned. */
  async merge(id: string, into: string, note: string | undefined, by: string): Promise<Case> {
    await this.#act(id, by, note, ({ one, nowMs }) => {
      const other = requireCase(this.cases, into)
      refuseMerge(one, other)
      refuseOthers(other, by, nowMs)
      return { action: 'merge', case: id, into }
    })
    return this.find(into)
  }

  /** Opens a case for decisions, or adds the first to the open one of its keys and the others to that. */
  async open(ids: readonly string[], note: string | undefined, by: string): Promise<Case> {
    await this.#decisions.settled()
    const found = await this.#options.log.lookUps.find(ids)
    const records = ids.map((id, i) => {
      const record = found.get(id)
      if (record?.kind === 'decision') return record
      const errors = [{ field: `transactions.${i}`, reason: 'is not the id of a decision that is kept' }]
      throw new FraudError('TRANSACTION_UNKNOWN', 'The log has no decision with this id', { errors })
    })
    const [first] = records
    if (first === undefined) throw invalid('transactions', 'names no transaction')
    const value = this.#noteValue(note, `new:${first.sequence}`)
    let opened: Case | undefined
    await this.#withNote(value, async (token, made) => {
      const { cases } = this
      for (const { sequence } of records) {
        const known = cases.ofTransaction(sequence)
        if (known !== undefined)
          throw new FraudError('CASE_EXISTS', `This transaction is in the case ${known.id} already`)
      }
      const transactions = records.map((record) => cases.reader.read(record, record.sequence))
      const { dueInMs, expireAfterMs } = cases.reader.rulesOf(first.definition)
      const rules = { expireAfterMs, ...(dueInMs !== undefined && { dueInMs }) }
      const appended = this.#append({ action: 'open', transactions, ...rules, ...token }, by, made)
      opened = cases.ofTransaction(first.sequence)
      await appended
    })
    return opened ?? this.find('')
  }

  /** Forgets what people wrote of the cases of a person. */
  async eraseNotesOf(tokens: readonly string[], by: string): Promise<void> {
    const { log, persons, clock } = this.#options
    const notes = tokens.flatMap((token) =>
      [...this.cases.ofPerson(token)].flatMap(({ history }) => history.flatMap(({ note }) => note ?? [])),
    )
    for (const note of notes) {
      const value = persons.valueOf(note)
      if (value !== undefined) await log.erase(noteKey, value, clock(), by)
    }
  }

  #refuseCode(code: string | undefined): void {
    const { codes } = this.#decisions.inForce.detector.cases ?? {}
    if (code === undefined) return
    if (codes !== undefined && !codes.includes(code)) throw invalid('code', `is one of ${codes.join(', ')}`)
    if (!/^[a-z0-9][a-z0-9_-]{0,39}$/.test(code))
      throw invalid('code', 'has small letters, digits, "-" and "_", at most 40')
  }

  /** Checks an action against what the case is, and appends it, in one turn. */
  #act(
    id: string,
    by: string,
    note: string | undefined,
    make: (now: { readonly one: Case; readonly nowMs: number }) => ActionOnCase,
  ): Promise<Case> {
    return this.#noted(note, id, (token, made) => {
      const one = this.find(id)
      const { nowMs } = this
      const action = make({ one, nowMs })
      refuseAction(one, action.action, by, nowMs)
      return this.#append({ ...action, ...token }, by, made)
    })
  }

  async #noted(note: string | undefined, id: string, step: NotedStep): Promise<Case> {
    await this.#decisions.settled()
    const one = this.find(id)
    await this.#withNote(this.#noteValue(note, id), step)
    return one
  }

  #noteValue(note: string | undefined, of: string): string | undefined {
    if (note === undefined) return undefined
    const reason = note.trim() === '' ? 'is empty' : whyNotKept(note, longestNote)
    if (reason !== undefined) throw invalid('note', reason)
    if (holdsCardNumber(note)) {
      const errors = [{ field: 'note', reason: 'holds digits that are a valid card number' }]
      throw new FraudError('CARD_NUMBER_REFUSED', 'Card numbers are not accepted', { errors })
    }
    // Each note is its own, so that one can be erased alone.
    return `${of}:${this.nowMs} ${note}`
  }

  /** The text of a note is kept where it can be erased, and the log has a token of it. */
  #withNote(value: string | undefined, step: NotedStep): Promise<unknown> {
    if (value === undefined) return Promise.resolve(step({}, []))
    const person = { key: noteKey, value }
    return this.#decider.withPersons([person], async (made) => {
      const note = made[0]?.token ?? this.#options.persons.tokenOf(noteKey, value)
      if (note === undefined) throw notReady
      await step({ note }, made)
    })
  }

  #append(action: JsonObjectLike, by: string, made: readonly Person[]): Promise<number> {
    const { log, clock } = this.#options
    if (log.failure !== undefined) throw log.failure
    const change: JsonObject = JSON.parse(JSON.stringify(action))
    const tokens = made.map(({ token }) => token)
    const record = { kind: 'case', by, why: '', atMs: clock(), change, ...(tokens.length > 0 && { tokens }) } as const
    return appendChange(log, record, made.length > 0 ? made : undefined)
  }
}

type JsonObjectLike = ActionOnCase | { readonly action: 'open'; readonly transactions: readonly OpenedTransaction[] }
type NotedStep = (token: { readonly note?: string }, made: readonly Person[]) => Promise<unknown>

/** The labels that a verdict made, of those that stand: they follow its record. */
function labelsOfVerdict(
  judged: Case['transactions'],
  { sequence: verdict, by }: { readonly sequence: number; readonly by: string },
): readonly StandingLabel[] {
  return judged.flatMap(({ id, sequence: of, labels }) =>
    labels.flatMap(({ sequence: label, ...said }) =>
      label > verdict && label <= verdict + judged.length && said.source === sourceOfVerdict(by)
        ? [{ id, of, label, ...said }]
        : [],
    ),
  )
}

/** Transactions that a verdict is of. @throws FraudError INPUT_INVALID where one is not open in the case. */
function transactionsOf(one: Case, ids: readonly string[] | undefined): Case['transactions'] {
  const open = one.transactions.filter(({ verdict }) => verdict === undefined)
  if (ids === undefined) return open
  return ids.map((id, i) => {
    const found = open.find((each) => each.id === id)
    if (found === undefined)
      throw invalid(`transactions.${i}`, `is not an open transaction of the case: "${showValue(id)}"`)
    return found
  })
}

/** Whether somebody repeats the last thing that they said of a case, as after an answer that was lost. */
function isSaidAlready(one: Case, { verdict, transactions, code }: SaidVerdict, by: string): boolean {
  const last = standingVerdict(one)
  if (last === undefined || last.by !== by || last.verdict !== verdict || last.code !== code) return false
  if (transactions === undefined) return one.closed !== undefined
  const said = one.transactions.filter((each) => each.verdict?.sequence === last.sequence).map(({ id }) => id)
  return said.length === new Set(transactions).size && transactions.every((id) => said.includes(id))
}

function refuseName(field: string, name: string): void {
  const reason = name.trim() === '' ? 'is empty' : whyNotKept(name, longestName)
  if (reason !== undefined) throw invalid(field, reason)
  if (holdsCardNumber(name)) throw invalid(field, 'holds digits that are a valid card number')
}
