import { formatIsoTime } from '../core/time-parser.ts'
import { type Case, type CaseState, currenciesAtStake, stateAt, type Verdict, verdicts } from './case.ts'
import { isOverdue } from './case-view.ts'

/** How often two words on one transaction are the same. */
interface Agreement {
  readonly compared: number
  readonly agreed: number
  /** Null where nothing was compared. */
  readonly share: number | null
}

/** What the lead of a team wants to know. */
export interface CaseFigures {
  readonly from: string
  readonly to: string
  readonly cases: Readonly<Record<CaseState, number>>
  readonly overdue: number
  readonly escalated: number
  readonly unassigned: number
  /** What is at stake in all that is not closed; null where it would be of several currencies. */
  readonly expectedLossMinor: number | null
  /** When the oldest case that is not closed was opened. */
  readonly oldestOpenedAt: string | null
  readonly opened: number
  readonly expired: number
  readonly verdicts: Readonly<Record<Verdict, number>>
  readonly undone: number
  /** Over the whole span. */
  readonly verdictsPerHour: number
  /** From when a case was opened to its verdict; null without one. */
  readonly medianMinutesToVerdict: number | null
  readonly analysts: readonly AnalystFigures[]
  /** Of transactions on which two analysts gave a verdict. */
  readonly analystsAgree: Agreement
  /** Of transactions that somebody else than an analyst labelled after the verdict: a chargeback, an issuer. */
  readonly laterLabelsAgree: Agreement
}

interface AnalystFigures {
  readonly name: string
  readonly verdicts: number
  readonly fraud: number
  readonly legitimate: number
  readonly unsure: number
  readonly undone: number
}

type Words = Pick<Case, 'history' | 'transactions'>

/** Counts cases one by one, so that a caller can do other things in between. */
export class CaseCounter {
  readonly #fromMs: number
  readonly #nowMs: number
  readonly #cases: Record<CaseState, number> = { open: 0, claimed: 0, snoozed: 0, closed: 0 }
  readonly #said: Record<Verdict, number> = { fraud: 0, legitimate: 0, unsure: 0 }
  readonly #analysts = new Map<string, Record<Verdict | 'undone', number>>()
  readonly #minutes: number[] = []
  readonly #analystsAgree = { compared: 0, agreed: 0 }
  readonly #laterAgree = { compared: 0, agreed: 0 }
  readonly #merged: Case[] = []
  #overdue = 0
  #escalated = 0
  #unassigned = 0
  #expectedLoss = 0
  readonly #currencies = new Set<string>()
  #oldestMs = Number.POSITIVE_INFINITY
  #opened = 0
  #expired = 0
  #undone = 0

  constructor(fromMs: number, nowMs: number) {
    this.#fromMs = fromMs
    this.#nowMs = nowMs
  }

  take(one: Case): void {
    this.#cases[stateAt(one, this.#nowMs)] += 1
    if (one.openedAtMs >= this.#fromMs) this.#opened += 1
    if (one.closed?.why === 'expired' && one.closed.atMs >= this.#fromMs) this.#expired += 1
    if (one.closed === undefined) this.#takeOpen(one)
    this.#takeDeeds(one)
    if (one.history.some(({ action }) => action === 'merge')) this.#merged.push(one)
    else this.#compareWords(one)
  }

  /** To be asked once, after all cases. */
  figures(): CaseFigures {
    // The verdict on a transaction that was merged stands in the history of the case that it was in before.
    this.#compareWords({
      history: this.#merged.flatMap(({ history }) => history).sort((a, b) => a.sequence - b.sequence),
      transactions: this.#merged.flatMap(({ transactions }) => transactions),
    })
    const verdictCount = verdicts.reduce((sum, each) => sum + this.#said[each], 0)
    const hours = Math.max(1, (this.#nowMs - this.#fromMs) / 3_600_000)
    return {
      from: formatIsoTime(this.#fromMs),
      to: formatIsoTime(this.#nowMs),
      cases: this.#cases,
      overdue: this.#overdue,
      escalated: this.#escalated,
      unassigned: this.#unassigned,
      expectedLossMinor: this.#currencies.size > 1 ? null : this.#expectedLoss,
      oldestOpenedAt: this.#oldestMs === Number.POSITIVE_INFINITY ? null : formatIsoTime(this.#oldestMs),
      opened: this.#opened,
      expired: this.#expired,
      verdicts: this.#said,
      undone: this.#undone,
      verdictsPerHour: verdictCount / hours,
      medianMinutesToVerdict: medianOf(this.#minutes),
      analysts: [...this.#analysts]
        .map(([name, { undone, ...said }]) => ({
          name,
          verdicts: said.fraud + said.legitimate + said.unsure,
          ...said,
          undone,
        }))
        .sort((a, b) => b.verdicts - a.verdicts || (a.name < b.name ? -1 : 1)),
      analystsAgree: agreementOf(this.#analystsAgree),
      laterLabelsAgree: agreementOf(this.#laterAgree),
    }
  }

  #takeOpen(one: Case): void {
    if (isOverdue(one, this.#nowMs)) this.#overdue += 1
    if (one.escalation !== undefined) this.#escalated += 1
    if (one.assignee === undefined) this.#unassigned += 1
    this.#expectedLoss += one.expectedLoss
    for (const currency of currenciesAtStake(one)) this.#currencies.add(currency)
    this.#oldestMs = Math.min(this.#oldestMs, one.openedAtMs)
  }

  #takeDeeds({ history, openedAtMs }: Case): void {
    for (const { action, atMs, by, verdict } of history) {
      if (atMs < this.#fromMs) continue
      if (action === 'undo') {
        this.#undone += 1
        this.#analyst(by).undone += 1
      }
      if (action !== 'verdict' || verdict === undefined) continue
      this.#said[verdict] += 1
      this.#analyst(by)[verdict] += 1
      this.#minutes.push((atMs - openedAtMs) / 60_000)
    }
  }

  /** What several said of the same transactions, by deeds in the order in which they were done. */
  #compareWords({ history, transactions }: Words): void {
    const saidBy = new Map<number, { readonly by: string; readonly says: Verdict }>()
    const givenAtMs = new Map<number, number>()
    for (const { action, sequence, atMs, by, verdict, transactions: of = [] } of history) {
      if (action !== 'verdict' || verdict === undefined) continue
      givenAtMs.set(sequence, atMs)
      for (const each of of) {
        const before = saidBy.get(each)
        const isOther = before !== undefined && before.by !== by && before.says !== 'unsure' && verdict !== 'unsure'
        if (isOther && atMs >= this.#fromMs) compare(this.#analystsAgree, before.says === verdict)
        saidBy.set(each, { by, says: verdict })
      }
    }
    // Of each transaction with a verdict that stands, what others than analysts said last, after it: what came before was
    // seen.
    for (const { verdict, labels } of transactions) {
      if (verdict === undefined || verdict.says === 'unsure') continue
      if (!((givenAtMs.get(verdict.sequence) ?? Number.NaN) >= this.#fromMs)) continue
      const other = labels.findLast(({ sequence, source }) => sequence > verdict.sequence && !isAnalyst(source))
      if (other !== undefined) compare(this.#laterAgree, other.isFraud === (verdict.says === 'fraud'))
    }
  }

  #analyst(name: string): Record<Verdict | 'undone', number> {
    const known = this.#analysts.get(name)
    if (known !== undefined) return known
    const counts = { fraud: 0, legitimate: 0, unsure: 0, undone: 0 }
    this.#analysts.set(name, counts)
    return counts
  }
}

function isAnalyst(source: string | null): boolean {
  return source === 'analyst' || source?.startsWith('analyst:') === true
}

function compare(counts: { compared: number; agreed: number }, isSame: boolean): void {
  counts.compared += 1
  if (isSame) counts.agreed += 1
}

function agreementOf({ compared, agreed }: { compared: number; agreed: number }): Agreement {
  return { compared, agreed, share: compared === 0 ? null : agreed / compared }
}

function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
