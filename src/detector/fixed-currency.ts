import type { Detector } from './detector-schema.ts'
import { keptNames } from './kept-fields.ts'

/** The one currency of a detector's amounts, and the fields that would say that an amount is of another one. */
export interface FixedCurrency {
  readonly code: string
  readonly fields: ReadonlySet<string>
}

const words = [['currency'], ['currency', 'code'], ['transaction', 'currency'], ['ccy']]

/** @param declared fields whose meaning the detector says itself. */
export function fixedCurrency({ transaction }: Detector, declared: ReadonlySet<string>): FixedCurrency | undefined {
  const { amount, keys = {}, fields: named = {} } = transaction
  // Keeping a field does not say what it means.
  const kept = keptNames(transaction).filter((name) => ![keys, named].some((all) => Object.values(all).includes(name)))
  if (typeof amount?.currency !== 'string') return undefined
  const pathEnd = amount.field.lastIndexOf('.') + 1
  const path = amount.field.slice(0, pathEnd)
  const beside = amount.field.slice(pathEnd).replace(/amount|amt/i, inCaseOf('currency'))
  const names = [...words.flatMap(spellings), beside]
  const fields = new Set(
    names.flatMap((name) => [name, path + name]).filter((name) => !declared.has(name) || kept.includes(name)),
  )
  return { code: amount.currency, fields }
}

/**
 * Why a field like `currency` can't stand beside an amount of the one currency; undefined where it says the same or
 * nothing.
 */
export function whyOtherCurrency(code: string, given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined
  const text = String(given).trim().toUpperCase()
  if (text === '' || text === code) return undefined
  // Nothing else of a value is repeated.
  const said = /^([A-Z]{3}|\d{3})$/.test(text) ? `is ${text}` : 'is something else'
  return `${said}, but all amounts of the detector are in ${code}`
}

function spellings(name: readonly string[]): readonly string[] {
  const capitals = name.map((word) => word[0].toUpperCase() + word.slice(1)).join('')
  const snake = name.join('_')
  return [snake, snake.toUpperCase(), name.join(''), capitals, capitals[0].toLowerCase() + capitals.slice(1)]
}

function inCaseOf(word: string): (found: string) => string {
  return (found) => {
    if (found === found.toUpperCase()) return word.toUpperCase()
    return found[0] === found[0].toUpperCase() ? word[0].toUpperCase() + word.slice(1) : word
  }
}
