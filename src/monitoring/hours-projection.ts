import { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import { binOf } from '../core/value-bins.ts'
import { readJson } from '../decisioning/saved-definitions.ts'
import type { DecisionRecord, LabelRecord, LogRecord } from '../log/log-record.ts'
import type { LabelledTransaction, Projection } from '../log/projection.ts'
import { HourlyCounts, hourMs } from './hourly-counts.ts'
import {
  type DefinitionView,
  type KnownTexts,
  MonitoredFeatures,
  slotOfFeature,
  slotOfScore,
  viewOf,
} from './monitored-features.ts'

/** Definitions whose decisions may still come: a takeover has at most one on its way. */
const definitionsKept = 2

interface SavedHead {
  readonly definitions: readonly DefinitionView[]
  readonly texts: readonly (readonly [string, string[]])[]
}

/** Names of counters. */
export const counters = {
  outcome: namesOf('outcome'),
  degraded: namesOf('degraded'),
  rule: namesOf('rule'),
  label: (isFraud: boolean) => (isFraud ? 'label:fraud' : 'label:legitimate'),
}
export const slotOfLag = (isFraud: boolean) => (isFraud ? 'lag:fraud' : 'lag:legitimate')

const mostNames = 20_000

/** Names that every decision asks for are put together once. */
function namesOf(kind: string): (of: string) => string {
  const names = new Map<string, string>()
  return (of) => {
    let name = names.get(of)
    if (name === undefined) {
      if (names.size >= mostNames) names.clear()
      name = `${kind}:${of}`
      names.set(of, name)
    }
    return name
  }
}

/**
 * What was decided in each hour of event time, as records say it: values of features and scores by bins, outcomes, rules that
 * fired, what was degraded, and how long after its transaction each label was known.
 */
export class HoursProjection implements Projection {
  readonly name = 'monitoring-hours'
  readonly version = 1
  readonly hours = new HourlyCounts((slot) => this.#isInUse(slot))
  readonly #texts: KnownTexts = new Map()
  #definitions: readonly DefinitionView[] = []
  #features: MonitoredFeatures | undefined

  /** The texts of a category's bins, from 1 on. */
  textsOf(feature: string): readonly string[] | undefined {
    return this.#texts.get(feature)
  }

  /** What decisions rest on now; undefined before the first definition. */
  get definition(): DefinitionView | undefined {
    return this.#definitions.at(-1)
  }

  isCarried(): boolean {
    return this.#definitions.length > 0
  }

  take(record: LogRecord, sequence: number, about?: LabelledTransaction): void {
    if (record.kind === 'decision') this.#decide(record, sequence)
    else if (record.kind === 'label') this.#label(record, about)
    else if (record.kind === 'definition') this.#define(viewOf(sequence, record))
    else if (record.kind === 'checkpoint') {
      for (const [of, definition] of Object.entries(record.definitions)) {
        if (!this.#definitions.some(({ sequence }) => sequence === Number(of))) {
          this.#define(viewOf(Number(of), definition))
        }
      }
    }
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    const head: SavedHead = { definitions: this.#definitions, texts: [...this.#texts] }
    writer.text(JSON.stringify(head))
    yield* writer.take(true)
    yield* this.hours.save()
  }

  *load(chunks: Iterable<Uint8Array>): Steps {
    const reader = new StateReader(chunks)
    const head = readJson<SavedHead>(reader)
    this.#definitions = head.definitions
    for (const [name, texts] of head.texts) this.#texts.set(name, texts)
    yield* this.hours.load(reader)
  }

  #define(view: DefinitionView): void {
    this.#definitions = [...this.#definitions, view].sort((a, b) => a.sequence - b.sequence).slice(-definitionsKept)
  }

  #decide(record: DecisionRecord, sequence: number): void {
    const hour = this.hours.at(Math.floor(record.timestampMs / hourMs))
    if (hour === undefined) return
    hour.count(counters.outcome(record.outcome))
    for (const reason of record.degraded) hour.count(counters.degraded(reason))
    const rules = record.policy?.rules
    if (rules !== undefined) for (const { id, state } of rules) if (state === 'live') hour.count(counters.rule(id))
    this.#of(record.definition)?.observe(hour, record, sequence, this.hours)
  }

  #isInUse(slot: string): boolean {
    return this.#definitions.some(({ features, model }) => {
      return slot === slotOfScore(model) || features.some((name) => slot === slotOfFeature(name))
    })
  }

  #of(definition: number): MonitoredFeatures | undefined {
    if (this.#features?.view.sequence === definition) return this.#features
    const view = this.#definitions.find(({ sequence }) => sequence === definition)
    this.#features = view && new MonitoredFeatures(view, this.hours, this.#texts)
    return this.#features
  }

  /** In the newest hour: when a label was known tells little of when it came. */
  #label({ isFraud, knownAtMs }: LabelRecord, about: LabelledTransaction | undefined): void {
    const hour = this.hours.current
    if (hour === undefined) return
    hour.count(counters.label(isFraud))
    if (about === undefined) return
    const lagHours = Math.max(0, knownAtMs - about.timestampMs) / hourMs
    const slot = this.hours.slot(slotOfLag(isFraud))
    if (slot >= 0) hour.add(slot, binOf(lagHours), lagHours)
  }
}
