import { isRecord } from '../core/json-value.ts'
import { personalColumns } from '../detector/personal-columns.ts'
import type { Definition } from '../log/log-record.ts'

/** The form in which records keep the values of a column: values of two forms never meet in a history. */
export interface ColumnForm {
  /** The name of the key that tokens are made for; another name has other tokens. Undefined where there are none. */
  readonly personal: string | undefined
  readonly isHashed: boolean
  /**
   * A check value of the key that card numbers are hashed under; undefined where an older version did not write it
   * down.
   */
  readonly cardKeyCheck: string | undefined
  /** The decimals of amounts that were sent in minor units; undefined of all other columns. */
  readonly minorDigits: number | undefined
}

type Concealing = Pick<Definition, 'detector' | 'cardKeyCheck'>

/** The form of each column under a definition, whatever else this version makes of its detector. */
export function columnForms({ detector, cardKeyCheck }: Concealing): (column: string) => ColumnForm {
  const transaction = isRecord(detector) && isRecord(detector.transaction) ? detector.transaction : {}
  const { amount, hashCardNumber } = transaction
  const personal = personalColumns(transaction)
  const hashed = new Set(listOf(hashCardNumber))
  const minor = isRecord(amount) && amount.minorUnits === true ? amount : undefined
  return (column) => ({
    personal: personal.get(column),
    isHashed: hashed.has(column),
    cardKeyCheck: hashed.has(column) ? cardKeyCheck : undefined,
    minorDigits: minor?.field === column ? Number(minor.digits) : undefined,
  })
}

/**
 * What records keep has no form of its own where it is neither a token nor a hash. Amounts are kept in major units
 * however they were sent, but nobody can tell whether callers now send another unit, or always sent the one that is
 * declared now.
 */
export function isSameForm(one: ColumnForm, other: ColumnForm): boolean {
  return (
    one.personal === other.personal &&
    one.isHashed === other.isHashed &&
    one.minorDigits === other.minorDigits &&
    (one.cardKeyCheck ?? other.cardKeyCheck) === (other.cardKeyCheck ?? one.cardKeyCheck)
  )
}

/** The words that follow a column's name. */
export function tellForm({ personal, isHashed, cardKeyCheck, minorDigits }: ColumnForm): string {
  if (minorDigits !== undefined) return `in minor units of ${minorDigits} digits`
  if (personal !== undefined) return `as tokens of the personal key "${personal}"`
  if (isHashed) return cardKeyCheck === undefined ? 'with hashed card numbers' : 'hashed under this SHRIKE_CARD_KEY'
  return 'as it is, neither as tokens nor hashed nor in minor units'
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}
