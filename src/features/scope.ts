import { closestName, suggestion } from '../core/closest-name.ts'
import { durationMs } from '../core/duration.ts'
import { showAmount, showNumber } from '../core/money.ts'
import { zoneOffset } from '../core/zone.ts'
import type { Detector } from '../detector/detector.ts'
import { personalColumns } from '../detector/personal-columns.ts'
import type { SourceField, Transaction, TransactionLayout } from '../detector/transaction.ts'
import { type ConditionName, type ReadCondition, readCondition } from './condition.ts'
import type { ConditionField, HistoryField, HistoryPlan, SourceOfField, Window } from './history.ts'

/** What a declaration asks for that the detector does not have: which parameter, and why not. */
export class UnknownName extends Error {
  readonly parameter: string

  constructor(parameter: string, reason: string) {
    super(reason)
    this.parameter = parameter
  }
}

/** A value of the transaction in hand, in the unit that people know. */
export type NumberSource = (transaction: Transaction) => number
/** A number in words: an amount with its currency's decimals and code. */
export type ShowNumber = (value: number, transaction: Transaction | undefined) => string
export type TextSource = (transaction: Transaction) => string | undefined

/** A text of the layout, and every value that some feature lists for it. */
export interface ListedText {
  readonly text: number
  readonly values: ReadonlySet<string>
}

interface DraftPlan {
  readonly by: string | null
  readonly text: number
  readonly fields: HistoryField[]
  readonly windows: Window[]
  readonly labelFields: (SourceOfField | ConditionField)[]
  countsFrauds: boolean
}

/**
 * What a declaration may speak of: the detector's amount, keys and fields. It takes down what transactions must carry and
 * histories must keep.
 */
export class Scope {
  readonly #detector: Detector
  readonly #kinds: readonly string[]
  readonly #texts: SourceField[] = []
  readonly #numbers: SourceField[] = []
  readonly #plans: DraftPlan[] = []
  readonly #listed = new Map<number, Set<string>>()
  readonly #asked = new Set<number>()
  #countsFrauds = false
  /** Milliseconds that the detector's zone is ahead of UTC at an instant. */
  readonly offsetAt: (timestampMs: number) => number
  /** The detector's zone by its name. */
  readonly zone: string

  /** @param kinds names of kinds of features, which a column's name may be a misspelling of. */
  constructor(detector: Detector, kinds: readonly string[]) {
    this.#detector = detector
    this.#kinds = kinds
    this.zone = detector.transaction.zone ?? 'UTC'
    this.offsetAt = zoneOffset(this.zone)
  }

  get layout(): TransactionLayout {
    return { texts: this.#texts, numbers: this.#numbers }
  }

  get plans(): readonly HistoryPlan[] {
    return this.#plans.map((plan) => ({
      ...plan,
      spanMs: Math.max(0, ...plan.windows.map(({ widthMs, delayMs }) => widthMs + delayMs)),
    }))
  }

  /** How long after a transaction its label is known; 0 where the detector doesn't say. */
  get labelDelay(): string {
    return this.#detector.transaction.label.delay ?? '0s'
  }

  requireTime(kind: string): void {
    if (this.#detector.transaction.time === undefined) {
      throw new UnknownName('', `${kind} needs a time, and the detector declares no transaction.time`)
    }
  }

  /** The number of the history by a key or category (null: of everything), which is kept from now on. */
  history(by: string | null): number {
    this.requireTime('a history')
    const known = this.#plans.findIndex((plan) => plan.by === by)
    const history = known >= 0 ? known : this.#addPlan(by)
    this.#asked.add(history)
    return history
  }

  #addPlan(by: string | null): number {
    const text = by === null ? -1 : this.#text(by, 'by')
    return this.#plans.push({ by, text, fields: [], windows: [], labelFields: [], countsFrauds: false }) - 1
  }

  /** The histories that were asked for since this was asked last, and whether their frauds were. */
  takeAsked(): { readonly histories: readonly number[]; readonly countsFrauds: boolean } {
    const asked = { histories: [...this.#asked], countsFrauds: this.#countsFrauds }
    this.#asked.clear()
    this.#countsFrauds = false
    return asked
  }

  /** @param excludesSelf whether the transaction itself is left out, which a window without a delay holds. */
  window(history: number, over: string, delay = '0s', excludesSelf = false): number {
    const { windows } = this.#plans[history]
    const window: Window = {
      widthMs: durationMs(over),
      delayMs: durationMs(delay),
      ...(excludesSelf && { excludesSelf }),
    }
    if (window.widthMs <= 0) throw new UnknownName('over', 'a window must be longer than 0')
    if (excludesSelf && window.delayMs > 0) {
      throw new UnknownName('excludeSelf', 'a window with a delay does not hold the transaction itself; leave this out')
    }
    const same = windows.findIndex(
      (known) =>
        known.widthMs === window.widthMs &&
        known.delayMs === window.delayMs &&
        known.excludesSelf === window.excludesSelf,
    )
    return same >= 0 ? same : windows.push(window) - 1
  }

  countFrauds(history: number): void {
    this.#plans[history].countsFrauds = true
    this.#countsFrauds = true
  }

  /** A numeric field that a history keeps: its number, and how many of its units make one that people know. */
  keepNumber(history: number, of: string): { readonly field: number; readonly unit: number } {
    const source = this.#numberSource(of, 'of')
    if (source.from === 'amount') this.#keepCurrency(history)
    return { field: this.#keep(history, source), unit: source.from === 'amount' ? this.#amountUnit : 1 }
  }

  keepText(history: number, of: string): number {
    return this.#keep(history, { from: 'text', index: this.#text(of, 'of') })
  }

  /** Whether transactions have a condition, which a history keeps: its number among the history's fields. */
  keepCondition(history: number, where: string): number {
    return addField(this.#plans[history].fields, this.#condition(where))
  }

  /** The same for labels of fraud: its number among what those keep. */
  keepConditionOfFrauds(history: number, where: string): number {
    return addField(this.#plans[history].labelFields, this.#condition(where))
  }

  /** A text that labels of fraud keep of their transactions. */
  keepTextOfFrauds(history: number, of: string): number {
    return addField(this.#plans[history].labelFields, { from: 'text', index: this.#text(of, 'of') })
  }

  /** Whether a transaction was the key's first with its text within so long, when it came. */
  keepFirst(history: number, of: string, within: string): number {
    const widthMs = durationMs(within)
    return addField(this.#plans[history].fields, { from: 'first', field: this.keepText(history, of), widthMs })
  }

  keepPosition(history: number): { readonly latitude: number; readonly longitude: number } {
    const [latitude, longitude] = this.#positionNumbers()
    return {
      latitude: this.#keep(history, { from: 'number', index: latitude }),
      longitude: this.#keep(history, { from: 'number', index: longitude }),
    }
  }

  /** The amount or a numeric field of the transaction in hand. */
  number(of: string): NumberSource {
    const source = this.#numberSource(of, 'of')
    const unit = this.#amountUnit
    if (source.from === 'amount') return ({ amount }) => amount / unit
    const { index } = source
    return ({ numbers }) => numbers[index]
  }

  /** How people are shown the amount, or a numeric field. */
  shower(of: string): ShowNumber {
    const { amount } = this.#detector.transaction
    if (of !== 'amount' || amount === undefined) return (value) => showNumber(value)
    const { digits, currency, conversion } = amount
    if (typeof currency === 'string') return (value) => showAmount(value, digits, currency)
    if (currency === undefined || conversion !== undefined) return (value) => showAmount(value, digits)
    return (value, transaction) => {
      const code = transaction?.texts[this.currency ?? -1]
      return showAmount(value, digits, code !== undefined && /^[A-Z]{3}$/.test(code) ? code : undefined)
    }
  }

  /** The same for a column, which may be the amount's. */
  columnShower(column: string): ShowNumber {
    const isAmount = this.#detector.transaction.amount?.field === column
    return isAmount ? this.shower('amount') : (value) => showNumber(value)
  }

  /** Any column, as a number. */
  column(column: string): NumberSource {
    const index = this.#addNumber({ name: column, column, orElse: closestName(column, this.#kinds) })
    return ({ numbers }) => numbers[index]
  }

  text(of: string): TextSource {
    const index = this.#text(of, 'of')
    return ({ texts }) => texts[index]
  }

  /** Notes that a field's text should be one of these values. */
  listValues(of: string, values: readonly string[]): void {
    const index = this.#text(of, 'of')
    const listed = this.#listed.get(index) ?? new Set()
    for (const value of values) listed.add(value)
    this.#listed.set(index, listed)
  }

  get listed(): readonly ListedText[] {
    return [...this.#listed].map(([text, values]) => ({ text, values }))
  }

  position(): { readonly latitude: NumberSource; readonly longitude: NumberSource } {
    const [latitude, longitude] = this.#positionNumbers()
    return { latitude: ({ numbers }) => numbers[latitude], longitude: ({ numbers }) => numbers[longitude] }
  }

  /** Where transactions carry their currency, if amounts of two could meet in a history. */
  get currency(): number | undefined {
    const { amount } = this.#detector.transaction
    if (typeof amount?.currency !== 'object' || amount.conversion !== undefined) return undefined
    const { field } = amount.currency
    const index = this.#texts.findIndex(({ name, column }) => name === 'currency' && column === field)
    return index < 0 ? undefined : index
  }

  get #amountUnit(): number {
    return 10 ** (this.#detector.transaction.amount?.digits ?? 0)
  }

  #keepCurrency(history: number): void {
    const { amount } = this.#detector.transaction
    if (typeof amount?.currency !== 'object' || amount.conversion !== undefined) return
    this.#keep(history, { from: 'text', index: this.#addText({ name: 'currency', column: amount.currency.field }) })
  }

  #keep(history: number, source: HistoryField): number {
    return addField(this.#plans[history].fields, source)
  }

  #condition(where: string): ConditionField {
    const { keys = {}, fields = {}, amount, hashCardNumber = [] } = this.#detector.transaction
    const personal = personalColumns(this.#detector.transaction)
    const kindOf = (column: string, kind: 'text' | 'field') =>
      personal.has(column) || hashCardNumber.includes(column) ? 'token' : kind
    const names = [
      ...Object.entries(keys).map(([name, column]): ConditionName => ({ name, column, kind: kindOf(column, 'text') })),
      ...Object.entries(fields).map(
        ([name, column]): ConditionName => ({ name, column, kind: kindOf(column, 'field') }),
      ),
    ]
    const read = readCondition(where, names, amount !== undefined)
    if (typeof read === 'string') throw new UnknownName('where', read)
    return this.#conditionField(where, read)
  }

  #conditionField(where: string, { program, reads, slots }: ReadCondition): ConditionField {
    const unit = this.#amountUnit
    const isExact = this.#detector.transaction.amount?.digits !== undefined
    const subject = {
      numbers: new Float64Array(slots).fill(Number.NaN),
      texts: Array.from({ length: slots }, (): string | undefined => undefined),
      lists: [],
    }
    const numbers = reads.filter(({ from }) => from === 'number').map((read) => [read.slot, this.#addNumber(read)])
    const texts = reads.filter(({ from }) => from === 'text').map((read) => [read.slot, this.#addText(read)])
    const amountAt = reads.find(({ from }) => from === 'amount')?.slot ?? -1
    const timeAt = reads.find(({ from }) => from === 'time')?.slot ?? -1
    return {
      from: 'condition',
      text: where,
      reads: [
        ...(amountAt < 0 ? [] : [{ from: 'amount', isExact } as const]),
        ...numbers.map(([, index]) => ({ from: 'number', index }) as const),
        ...texts.map(([, index]) => ({ from: 'text', index }) as const),
      ],
      test: (transaction) => {
        if (amountAt >= 0) subject.numbers[amountAt] = transaction.amount / unit
        if (timeAt >= 0) subject.numbers[timeAt] = transaction.timestampMs
        for (const [slot, index] of numbers) subject.numbers[slot] = transaction.numbers[index]
        for (const [slot, index] of texts) subject.texts[slot] = transaction.texts[index]
        return program.evaluate(subject) === true ? 1 : 0
      },
    }
  }

  #numberSource(
    of: string,
    parameter: string,
  ): Exclude<HistoryField, { from: 'text' }> & { from: 'amount' | 'number' } {
    const { amount, fields = {} } = this.#detector.transaction
    if (of === 'amount' && amount !== undefined) return { from: 'amount', isExact: amount.digits !== undefined }
    if (Object.hasOwn(fields, of)) return { from: 'number', index: this.#addNumber({ name: of, column: fields[of] }) }
    if (of === 'amount') {
      throw new UnknownName(parameter, 'this needs transaction.amount: { field: COLUMN, digits: DECIMALS }')
    }
    const names = [...(amount ? ['amount'] : []), ...Object.keys(fields)]
    throw new UnknownName(parameter, `the detector declares no number "${of}"${hint(of, names, 'transaction.fields')}`)
  }

  #text(of: string, parameter: string): number {
    const { keys = {}, fields = {} } = this.#detector.transaction
    const declared = { ...fields, ...keys }
    if (Object.hasOwn(declared, of)) return this.#addText({ name: of, column: declared[of] })
    const where = 'transaction.keys or transaction.fields'
    throw new UnknownName(
      parameter,
      `the detector declares no key or field "${of}"${hint(of, Object.keys(declared), where)}`,
    )
  }

  #positionNumbers(): [number, number] {
    const { position } = this.#detector.transaction
    if (position === undefined) {
      throw new UnknownName('', 'this needs transaction.position: { latitude: COLUMN, longitude: COLUMN }')
    }
    return [
      this.#addNumber({ name: 'latitude', column: position.latitude }),
      this.#addNumber({ name: 'longitude', column: position.longitude }),
    ]
  }

  #addText(field: SourceField): number {
    return addOnce(this.#texts, field)
  }

  #addNumber(field: SourceField): number {
    return addOnce(this.#numbers, field)
  }
}

function addField<Field extends HistoryField>(fields: Field[], field: Field): number {
  const same = fields.findIndex((known) => isSameField(known, field))
  return same >= 0 ? same : fields.push(field) - 1
}

function isSameField(one: HistoryField, other: HistoryField): boolean {
  if (one.from === 'amount') return other.from === 'amount'
  if (one.from === 'condition') return other.from === 'condition' && one.text === other.text
  if (one.from === 'first') {
    return other.from === 'first' && one.field === other.field && one.widthMs === other.widthMs
  }
  return one.from === other.from && one.index === other.index
}

function addOnce(fields: SourceField[], { name, column, orElse }: SourceField): number {
  const same = fields.findIndex((known) => known.name === name && known.column === column)
  return same >= 0 ? same : fields.push({ name, column, ...(orElse !== undefined && { orElse }) }) - 1
}

function hint(name: string, names: readonly string[], where: string): string {
  return names.length === 0 ? `; declare it under ${where}` : suggestion(name, names)
}
