import { signal } from '@preact/signals'
import { ask, client } from './client.ts'

export type Value = string | number | boolean | null
export type Transaction = Readonly<Record<string, Value>>

/** How the stream's transactions are made: which of their fields is what. */
export interface DetectorFields {
  readonly name: string
  readonly id: string
  readonly time: string
  readonly zone: string
  readonly amount?: {
    readonly field: string
    readonly digits?: number
    readonly isMinor: boolean
    readonly currency?: string
    readonly currencyField?: string
  }
  readonly keys: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
  readonly position?: { readonly latitude: string; readonly longitude: string }
}

/** Known once somebody has been let in. */
export const detector = signal<DetectorFields | undefined>(undefined)

export async function loadDetector(): Promise<void> {
  detector.value = await ask(client.GET('/v1/detector'))
}

interface Amount {
  readonly value: number
  readonly currency: string | undefined
  readonly digits: number | undefined
}

/** What a transaction is about; undefined where the detector names no amount, or it has none. */
export function amountOf(transaction: Transaction): Amount | undefined {
  const declared = detector.value?.amount
  const value = declared === undefined ? undefined : transaction[declared.field]
  if (declared === undefined || typeof value !== 'number') return undefined
  const { isMinor, digits, currency, currencyField } = declared
  const named = currencyField === undefined ? currency : transaction[currencyField]
  return {
    value: isMinor && digits !== undefined ? value / 10 ** digits : value,
    currency: typeof named === 'string' ? named : undefined,
    digits,
  }
}

/**
 * An amount that the service tells of without its transaction, as it was sent, in major units. Its currency is known only
 * where all have the same one.
 */
export function amountSent(value: number): Amount {
  const { isMinor = false, digits, currency, currencyField } = detector.value?.amount ?? {}
  return {
    value: isMinor && digits !== undefined ? value / 10 ** digits : value,
    currency: currencyField === undefined ? currency : undefined,
    digits,
  }
}

/** The time of the event, as the transaction has it. */
export function timeOf(transaction: Transaction): string | number | undefined {
  const value = transaction[detector.value?.time ?? '']
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}
