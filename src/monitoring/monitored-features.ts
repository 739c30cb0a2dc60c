import { isRecord } from '../core/json-value.ts'
import { binOf, missingBin } from '../core/value-bins.ts'
import { columnOfName } from '../detector/personal-columns.ts'
import type { DecisionRecord, Definition } from '../log/log-record.ts'
import type { OpenHour } from './hour-counts.ts'
import type { HourlyCounts } from './hourly-counts.ts'

/** Features that are looked at of one decision; of more, each takes its turn. */
const featuresAtOnce = 64
/** Features that are told apart; further ones are not monitored. */
const mostFeatures = 256
/** Texts of a category that are told apart; the rest are one. */
export const mostTexts = 60
/** The bin of a category's texts beyond them, and of one that the detector does not list. */
export const otherBin = mostTexts + 1
export const unknownBin = mostTexts + 2

/** What of a definition it takes to observe its rows. */
export interface DefinitionView {
  readonly sequence: number
  readonly model: string | null
  readonly features: readonly string[]
  readonly categories: Readonly<Record<string, readonly string[]>>
  /** Where the field of a category is among a record's. */
  readonly places: Readonly<Record<string, number>>
}

export function viewOf(sequence: number, definition: Definition): DefinitionView {
  const { model, features, categories = {} } = definition
  return { sequence, model, features, categories, places: fieldPlaces(definition) }
}

/** The texts of each category, in the order in which they came; they keep their bins, whatever later models list. */
export type KnownTexts = Map<string, string[]>

export const slotOfFeature = (name: string) => `feature:${name}`
export const slotOfScore = (model: string | null) => `score:${model ?? ''}`

/** Observes the rows of one definition. */
export class MonitoredFeatures {
  readonly view: DefinitionView
  readonly #slots: Int32Array
  readonly #step: number
  /** By feature, the bin of each code; undefined of what is not a category. */
  readonly #codes: readonly (Uint8Array | undefined)[]
  readonly #places: Int32Array
  readonly #score: number

  constructor(view: DefinitionView, hours: HourlyCounts, texts: KnownTexts) {
    const { features, categories, places, model } = view
    this.view = view
    this.#slots = Int32Array.from(features, (name, i) => (i < mostFeatures ? hours.slot(slotOfFeature(name)) : -1))
    this.#step = Math.max(1, Math.ceil(features.length / featuresAtOnce))
    this.#codes = features.map((name) => {
      return Object.hasOwn(categories, name) ? binsOfTexts(name, categories[name], texts) : undefined
    })
    this.#places = Int32Array.from(features, (name) => (Object.hasOwn(places, name) ? places[name] : -1))
    this.#score = hours.slot(slotOfScore(model))
  }

  /**
   * Counts a decision's values. Of many features only a part is looked at, another one with each sequence number, so that all
   * see as many, whatever records come between decisions.
   */
  observe(hour: OpenHour, { row, score, fields, model }: DecisionRecord, sequence: number, hours: HourlyCounts): void {
    const slots = this.#slots
    const step = this.#step
    for (let i = step === 1 ? 0 : partOf(sequence, step); i < row.length; i += step) {
      const slot = slots[i]
      if (slot < 0) continue
      const value = row[i]
      const codes = this.#codes[i]
      if (codes === undefined) hour.add(slot, binOf(value), value)
      else hour.add(slot, this.#binOfCategory(i, codes, value, fields), Number.NaN)
    }
    const slot = model === undefined ? this.#score : hours.slot(slotOfScore(model))
    if (slot >= 0) hour.add(slot, score === null ? missingBin : binOf(score), score ?? Number.NaN)
  }

  #binOfCategory(i: number, codes: Uint8Array, code: number, fields: DecisionRecord['fields']): number {
    if (!Number.isNaN(code)) return codes[code] ?? otherBin
    const place = this.#places[i]
    return place >= 0 && fields[place] !== undefined && fields[place] !== '' ? unknownBin : missingBin
  }
}

/**
 * Multiples of the golden ratio are spread evenly over 0 to 1, and those of every second or third number as well: where a
 * shadow's scores follow each decision, the remainder of the number would always be the same.
 */
function partOf(sequence: number, parts: number): number {
  return Math.floor(((Math.imul(sequence, 0x9e3779b1) >>> 0) / 2 ** 32) * parts)
}

function binsOfTexts(name: string, listed: readonly string[], texts: KnownTexts): Uint8Array {
  const known = texts.get(name) ?? []
  texts.set(name, known)
  return Uint8Array.from(listed, (text) => {
    let place = known.indexOf(text)
    if (place < 0 && known.length < mostTexts) place = known.push(text) - 1
    return place < 0 ? otherBin : place + 1
  })
}

/** Where the fields of features that are categories are among a record's, by the features' names. */
function fieldPlaces({ detector, columns, categories = {} }: Definition): Record<string, number> {
  const transaction = isRecord(detector) && isRecord(detector.transaction) ? detector.transaction : {}
  const declared = isRecord(detector) && Array.isArray(detector.features) ? detector.features : []
  const fields = isRecord(transaction.fields) ? transaction.fields : {}
  const places: Record<string, number> = {}
  for (const feature of declared) {
    const given = isRecord(feature) ? feature.category : undefined
    if (!isRecord(given) || typeof given.of !== 'string') continue
    const name = typeof given.as === 'string' ? given.as : `${given.of}_category`
    const column = Object.hasOwn(fields, given.of) ? fields[given.of] : columnOfName(transaction, given.of)
    const place = columns.indexOf(String(column ?? given.of))
    if (Object.hasOwn(categories, name) && place >= 0) places[name] = place
  }
  return places
}
