import { durationMs } from '../core/duration.ts'
import { isRecord } from '../core/json-value.ts'
import { readAmount } from '../core/money.ts'
import { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import { binOf } from '../core/value-bins.ts'
import type { RuleHit } from '../decisioning/index.ts'
import { readJson } from '../decisioning/saved-definitions.ts'
import type { Outcome } from '../detector/detector-schema.ts'
import type { DecisionRecord, Definition, LogRecord } from '../log/log-record.ts'
import type { LabelledTransaction, Projection } from '../log/projection.ts'
import { addTo, noFigures, type WeekFigures } from './week-figures.ts'

export const weekMs = 7 * 86_400_000
/** Weeks begin on Monday, UTC. */
const mondayMs = 4 * 86_400_000
const keptWeeks = 26
/** Rules of a week that are told apart. */
const mostRules = 500
/** Labels speak of decisions of months ago, and there are several with each model that is tried. */
const definitionsKept = 1000

const none: readonly string[] = []

/** What of a definition it takes. */
interface DefinitionPart {
  readonly sequence: number
  readonly model: string | null
  readonly labelDelayMs: number | null
  /** Undefined where amounts are of several currencies without a rate to one of them, or there are none. */
  readonly amount?: { readonly place: number; readonly digits: number; readonly rate?: number | undefined }
}

/** A decision of which labels may speak again: what it was counted as. */
interface Counted {
  readonly week: number
  readonly model: string
  readonly outcome: Outcome
  readonly bin: number | null
  readonly score: number
  readonly amountMinor: number
  readonly rules: readonly string[]
  /** One over the chance of being drawn, where the control group let it pass. */
  readonly weight: number
  /** Whether it was declined, and the control group might have let it pass; missing in what the first version saved. */
  readonly isDrawn?: boolean
  isFraud: boolean | null
}

interface Saved {
  readonly definitions: readonly DefinitionPart[]
  readonly newestMs: number
  readonly weeks: number
  readonly counted: number
}

/** What the labels that stand say of a transaction. */
interface Labels {
  isFraud(transaction: number): boolean | undefined
}

/** What decisions were worth, by week of event time and model, as labels that stand say; each label is counted once. */
export class PerformanceProjection implements Projection {
  readonly name = 'monitoring-performance'
  /** The first had nothing of declines that the control group might have had. */
  readonly version = 2
  readonly #labels: Labels
  readonly #pending: { readonly released: readonly unknown[] }
  readonly #weeks = new Map<string, WeekFigures>()
  readonly #counted = new Map<number, Counted>()
  #definitions: readonly DefinitionPart[] = []
  #newestMs = 0
  /** Most decisions are of the same week and model as the one before. */
  #last: { readonly week: number; readonly model: string; readonly figures: WeekFigures } | undefined

  /** Both take each record before this does. */
  constructor(labels: Labels, pending: { readonly released: readonly unknown[] }) {
    this.#labels = labels
    this.#pending = pending
  }

  /** By the beginning of the week and the model's id, empty of decisions without one. */
  get weeks(): readonly { readonly startMs: number; readonly model: string; readonly figures: WeekFigures }[] {
    return [...this.#weeks]
      .map(([key, figures]) => ({
        startMs: Number(key.split(' ', 1)[0]),
        model: key.slice(key.indexOf(' ') + 1),
        figures,
      }))
      .sort((a, b) => a.startMs - b.startMs || (a.model < b.model ? -1 : 1))
  }

  get newestMs(): number {
    return this.#newestMs
  }

  /** How long after a transaction its label is known, as the detector says; null where it does not. */
  get labelDelayMs(): number | null {
    return this.#definitions.at(-1)?.labelDelayMs ?? null
  }

  /** Whether amounts of all that a model decided can be added up. */
  hasMoney(model: string): boolean {
    const ofModel = this.#definitions.filter((definition) => definition.model === model)
    const asked = ofModel.length > 0 ? ofModel : this.#definitions.slice(-1)
    return asked.length > 0 && asked.every(({ amount }) => amount !== undefined)
  }

  isCarried(): boolean {
    return this.#definitions.length > 0
  }

  take(record: LogRecord, sequence: number, about?: LabelledTransaction): void {
    if (record.kind === 'decision') this.#decide(record, sequence)
    else if (record.kind === 'label') {
      if (about?.kind === 'decision') this.#label(about, about.sequence)
    } else if (record.kind === 'label-withdrawn') this.#settle(record.of)
    else if (record.kind === 'definition') this.#define(sequence, record)
    else if (record.kind === 'checkpoint') {
      for (const [of, definition] of Object.entries(record.definitions)) {
        if (!this.#definitions.some((known) => known.sequence === Number(of))) this.#define(Number(of), definition)
      }
      this.letGo(record.prunedThrough)
    }
  }

  /** Labels of what is no longer kept change nothing any more. */
  letGo(through: number): void {
    for (const sequence of this.#counted.keys()) if (sequence <= through) this.#counted.delete(sequence)
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    const head: Saved = {
      ...{ definitions: this.#definitions, newestMs: this.#newestMs },
      ...{ weeks: this.#weeks.size, counted: this.#counted.size },
    }
    writer.text(JSON.stringify(head))
    for (const [key, figures] of [...this.#weeks].sort(([a], [b]) => (a < b ? -1 : 1))) {
      writer.text(JSON.stringify([key, sorted(figures)]))
      yield* writer.take()
    }
    for (const [sequence, counted] of [...this.#counted].sort(([a], [b]) => a - b)) {
      writer.text(JSON.stringify([sequence, counted]))
      yield* writer.take()
    }
    yield* writer.take(true)
  }

  *load(chunks: Iterable<Uint8Array>, version: number): Steps {
    const reader = new StateReader(chunks)
    const head = readJson<Saved>(reader)
    this.#definitions = head.definitions
    this.#newestMs = head.newestMs
    for (let left = head.weeks; left > 0; left--) {
      const [key, figures] = readJson<[string, WeekFigures]>(reader)
      this.#weeks.set(key, version === 1 ? withControl(figures) : figures)
      yield
    }
    for (let left = head.counted; left > 0; left--) {
      const [sequence, counted] = readJson<[number, Counted]>(reader)
      this.#counted.set(sequence, counted)
      yield
    }
    reader.end()
  }

  #define(sequence: number, definition: Definition): void {
    const all = [...this.#definitions, partOf(sequence, definition)].sort((a, b) => a.sequence - b.sequence)
    this.#definitions = all.slice(-definitionsKept)
  }

  #decide(record: DecisionRecord, sequence: number): void {
    if (record.timestampMs > this.#newestMs) this.#newestMs = record.timestampMs
    const counted = this.#countedOf(record)
    const figures = counted && this.#figuresOf(counted)
    if (counted === undefined || figures === undefined) return
    const { outcome, amountMinor, bin, weight, score, rules } = counted
    const sums = figures.outcomes[outcome]
    sums.decisions += 1
    if (Number.isFinite(amountMinor)) sums.amountMinor += amountMinor
    for (const rule of rules) ruleOf(figures, rule).fired += 1
    if (weight > 0) {
      figures.control.decisions += 1
      figures.control.squares += weight * weight
    }
    if (bin !== null && outcome === 'approve') {
      const bins = weight > 0 ? figures.control.bins : figures.approved
      addTo(bins.rows, bin, weight > 0 ? weight : 1)
      bins.scores += (weight > 0 ? weight : 1) * score
    }
    if (this.#pending.released.length > 0) this.#label(record, sequence)
  }

  #label(about: Omit<DecisionRecord, 'row' | 'kind'>, sequence: number): void {
    if (!this.#counted.has(sequence)) {
      const counted = this.#countedOf(about)
      if (counted === undefined) return
      // A legitimate one that was approved is what it was counted as, but for the rules that fired on it.
      const isNews = about.outcome !== 'approve' || counted.rules.length > 0 || this.#labels.isFraud(sequence) === true
      if (!isNews || this.#figuresOf(counted) === undefined) return
      this.#counted.set(sequence, counted)
    }
    this.#settle(sequence)
  }

  /** Counts what the labels that stand say in the place of what they said before. */
  #settle(sequence: number): void {
    const counted = this.#counted.get(sequence)
    if (counted === undefined) return
    const isFraud = this.#labels.isFraud(sequence) ?? null
    if (isFraud === counted.isFraud) return
    const figures = this.#figuresOf(counted)
    if (figures !== undefined) {
      count(figures, counted, -1)
      counted.isFraud = isFraud
      count(figures, counted, 1)
    }
  }

  #countedOf(record: Omit<DecisionRecord, 'row' | 'kind'>): Counted | undefined {
    const definition = this.#definitions.findLast(({ sequence }) => sequence === record.definition)
    if (definition === undefined) return undefined
    const { timestampMs, outcome, score, policy, model = definition.model, fields } = record
    const control = policy?.control
    // No parts that are spread together, and no arrays of nothing: every decision comes here.
    return {
      week: Math.floor((timestampMs - mondayMs) / weekMs) * weekMs + mondayMs,
      model: model ?? '',
      outcome,
      score: score ?? 0,
      bin: score === null ? null : binOf(score),
      amountMinor: definition.amount === undefined ? Number.NaN : minorOf(definition.amount, fields),
      rules: policy?.rules === undefined ? none : liveOf(policy.rules),
      weight: control !== undefined && control.wouldBe !== outcome ? 1 / control.propensity : 0,
      isDrawn: control !== undefined && control.wouldBe === outcome,
      isFraud: null,
    }
  }

  /** Undefined of a week that is too old. */
  #figuresOf({ week, model }: Counted): WeekFigures | undefined {
    const last = this.#last
    if (last?.week === week && last.model === model) return last.figures
    const key = `${week} ${model}`
    const known = this.#weeks.get(key)
    if (known !== undefined) {
      this.#last = { week, model, figures: known }
      return known
    }
    if (week <= this.#newestMs - keptWeeks * weekMs) return undefined
    for (const old of this.#weeks.keys()) {
      if (Number(old.split(' ', 1)[0]) <= this.#newestMs - keptWeeks * weekMs) this.#weeks.delete(old)
    }
    this.#last = undefined
    const figures = noFigures()
    this.#weeks.set(key, figures)
    return figures
  }
}

function count(figures: WeekFigures, counted: Counted, by: number): void {
  const { outcome, isFraud, bin, weight, isDrawn, amountMinor, rules, score } = counted
  const { control } = figures
  if (isFraud === null) return
  for (const rule of rules) ruleOf(figures, rule)[isFraud ? 'frauds' : 'legitimate'] += by
  if (isFraud) {
    figures.outcomes[outcome].frauds += by
    if (Number.isFinite(amountMinor)) figures.outcomes[outcome].fraudMinor += by * amountMinor
  } else if (outcome !== 'approve') figures.flaggedLegitimate += by
  if (weight > 0 && isFraud) {
    control.fraudRows += by
    control.frauds += by * weight
    control.fraudSquares += by * weight * weight
  }
  if (isDrawn && isFraud) control.declinedFrauds += by
  if (bin === null) return
  if (outcome !== 'approve') {
    const bins = isDrawn ? control.declined : figures.labelled
    addTo(bins.rows, bin, by)
    if (isFraud) addTo(bins.frauds, bin, by)
    bins.scores += by * score
  } else if (isFraud)
    addTo(weight > 0 ? control.bins.frauds : figures.approved.frauds, bin, by * (weight > 0 ? weight : 1))
}

/** What the first version did not note of the control group, as far as its sums tell. */
function withControl(figures: WeekFigures): WeekFigures {
  const { frauds, fraudSquares } = figures.control
  const fraudRows = fraudSquares > 0 ? Math.round((frauds * frauds) / fraudSquares) : 0
  return { ...figures, control: { ...noFigures().control, ...figures.control, fraudRows } }
}

function liveOf(rules: readonly RuleHit[]): readonly string[] {
  const ids: string[] = []
  for (const { id, state } of rules) if (state === 'live') ids.push(id)
  return ids
}

function ruleOf({ rules }: WeekFigures, id: string) {
  const name = Object.hasOwn(rules, id) || Object.keys(rules).length < mostRules ? id : '(other)'
  rules[name] ??= { fired: 0, frauds: 0, legitimate: 0 }
  return rules[name]
}

/** The log keeps major units, however amounts are sent. Without a number of decimals they are added up as they come. */
function minorOf(
  { place, digits, rate }: NonNullable<DefinitionPart['amount']>,
  fields: DecisionRecord['fields'],
): number {
  const numberAt = (at: number) => Number(fields[at] ?? Number.NaN)
  const format = { field: '', ...(digits > 0 && { digits }), ...(rate !== undefined && { conversion: '' }) }
  const amount = readAmount(format, numberAt(place), rate === undefined ? 1 : numberAt(rate))
  return typeof amount === 'number' ? amount : Number.NaN
}

/** In one order, whatever order things came in. */
function sorted(figures: WeekFigures): unknown {
  return JSON.parse(
    JSON.stringify(figures, (_, part) => {
      return isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part
    }),
  )
}

function partOf(sequence: number, { detector, columns, model }: Definition): DefinitionPart {
  const transaction = isRecord(detector) && isRecord(detector.transaction) ? detector.transaction : {}
  const amount = isRecord(transaction.amount) ? transaction.amount : {}
  const label = isRecord(transaction.label) ? transaction.label : {}
  const place = columns.indexOf(String(amount.field))
  const rate = typeof amount.conversion === 'string' ? columns.indexOf(amount.conversion) : undefined
  const isOneCurrency = !isRecord(amount.currency) || rate !== undefined
  return {
    ...{ sequence, model },
    labelDelayMs: typeof label.delay === 'string' ? durationMs(label.delay) : null,
    ...(place >= 0 && isOneCurrency && { amount: { place, digits: Number(amount.digits ?? 0), rate } }),
  }
}
