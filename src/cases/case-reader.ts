import { durationMs } from '../core/duration.ts'
import { FraudError } from '../core/errors.ts'
import { readAmount } from '../core/money.ts'
import { pushTo } from '../core/push-to.ts'
import { type Detector, parseDetector } from '../detector/detector.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { personalColumns } from '../detector/personal-columns.ts'
import type { DecisionRecord, Definition } from '../log/log-record.ts'
import { type OpenedTransaction, stakeOf } from './case.ts'

const usualExpiryMs = 90 * 86_400_000

/** What a definition says of cases. */
export interface CaseRules {
  /** How soon a case is due; undefined where nothing is said. */
  readonly dueInMs: number | undefined
  readonly expireAfterMs: number
  /** The share of approvals of the blind sample. */
  readonly blindSample: number
  read(record: DecisionRecord, sequence: number): OpenedTransaction
}

/** Reads decisions as cases see them, each by the definition that was in force. */
export class CaseReader {
  readonly #definitionOf: (sequence: number) => Definition
  readonly #rules = new Map<number, CaseRules>()

  constructor(definitionOf: (sequence: number) => Definition) {
    this.#definitionOf = definitionOf
  }

  rulesOf(definition: number): CaseRules {
    const known = this.#rules.get(definition)
    if (known !== undefined) return known
    const rules = rulesOf(this.#definitionOf(definition))
    this.#rules.set(definition, rules)
    return rules
  }

  read(record: DecisionRecord, sequence: number): OpenedTransaction {
    return this.rulesOf(record.definition).read(record, sequence)
  }
}

function rulesOf({ detector: kept, columns }: Definition): CaseRules {
  const { transaction, cases = {} } = readKept(kept)
  const { keys = {}, amount } = transaction
  const { by = Object.keys(keys).slice(0, 1), dueIn, expireAfter, blindSample = 0 } = cases
  const at = (column: string | undefined) => (column === undefined ? -1 : columns.indexOf(column))
  const places = Object.entries(keys).map(([name, column]) => ({ name, at: at(column) }))
  const persons = [...personalColumns(transaction).keys()].map(at)
  const byAt = by.map((name) => places.findIndex((place) => place.name === name))
  const amountAt = at(amount?.field)
  const rateAt = at(amount?.conversion)
  // What is converted is in one currency.
  const { currency } = amount ?? {}
  const currencyAt = typeof currency === 'object' && rateAt < 0 ? at(currency.field) : -1
  /** The keys of the transaction that is read, by their places. */
  const keysAt: (string | undefined)[] = places.map(() => undefined)
  return {
    dueInMs: dueIn === undefined ? undefined : durationMs(dueIn),
    expireAfterMs: expireAfter === undefined ? usualExpiryMs : durationMs(expireAfter),
    blindSample,
    read({ id, timestampMs, score, fields }, sequence) {
      const rate = rateAt < 0 ? 1 : Number(fields[rateAt] ?? Number.NaN)
      const given = amount && readAmount(amount, Number(fields[amountAt] ?? Number.NaN), rate)
      const amountMinor = typeof given === 'number' && !Number.isNaN(given) ? given : null
      // Loops, since every review of a service comes here before it is answered.
      let keys: string[] | undefined
      for (let i = 0; i < places.length; i++) {
        const { name, at } = places[i]
        const key = isGiven(fields[at]) ? `${name}=${fields[at]}` : undefined
        keysAt[i] = key
        if (key !== undefined) keys = pushTo(keys, key)
      }
      let owning: string[] | undefined
      for (const place of byAt) {
        const key = keysAt[place]
        if (key !== undefined) owning = pushTo(owning, key)
      }
      const named =
        persons.length === 0
          ? noNames
          : persons
              .map((at) => fields[at])
              .filter(isGiven)
              .map(String)
      const stake = stakeOf(score, amount === undefined ? null : (amountMinor ?? 0))
      return {
        sequence,
        id,
        timestampMs,
        score,
        amountMinor,
        currency: String(fields[currencyAt] ?? ''),
        stake,
        keys: keys ?? noNames,
        by: owning ?? noNames,
        persons: named,
      }
    },
  }
}

const noNames: readonly string[] = []

function isGiven(value: FieldValue): boolean {
  return value !== undefined && value !== ''
}

/** What another version's detector says of cases may be more than this one knows; its transactions are cases all the same. */
function readKept(kept: unknown): Pick<Detector, 'transaction' | 'cases'> {
  try {
    return parseDetector(kept)
  } catch (error) {
    if (error instanceof FraudError && error.code === 'DETECTOR_INVALID')
      return { transaction: { label: { field: '' } } }
    throw error
  }
}
