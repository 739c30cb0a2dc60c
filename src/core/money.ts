import { holdsCardNumber } from './card-number.ts'
import type { FieldError } from './errors.ts'

/** Four units in the last place of a double: what a multiplication or two leave behind, as in 85.64999999999999. */
const roundingNoise = 4 * Number.EPSILON

/**
 * An amount in major units as whole minor units; NaN where it has more decimals than the currency, or is too large for
 * whole minor units to be exact. An error in the last bits, which arithmetic on doubles leaves in real files, is no
 * decimal.
 */
export function toMinorUnits(amount: number, digits: number): number {
  const unit = 10 ** digits
  const minor = Math.round(amount * unit)
  const isNear = Math.abs(minor / unit - amount) <= roundingNoise * Math.abs(amount)
  return isNear && Number.isSafeInteger(minor) ? minor + 0 : Number.NaN
}

/** An amount in major units as it is sent: in whole minor units where the detector takes those. */
export function asSent(
  amount: number,
  format: { readonly digits?: number | undefined; readonly minorUnits?: boolean | undefined },
): number {
  if (format.minorUnits !== true) return amount
  const { digits = 0 } = format
  const minor = toMinorUnits(amount, digits)
  // What is no whole minor unit was not sent as one.
  return Number.isNaN(minor) ? amount * 10 ** digits : minor
}

const mostDigits = 12

/**
 * Whether an amount has 13 significant digits or more with its decimals, as many as a card number. Those that arithmetic
 * on doubles leaves don't count, unless they make a card number.
 */
export function hasDigitsOfCard(amount: number): boolean {
  const size = Math.abs(amount)
  if (size < 1e10 && Math.round(size * 100) / 100 === size) return false
  const short = Number(size.toPrecision(mostDigits))
  if (short === size) return false
  const isNoise = Math.abs(short - size) <= roundingNoise * size
  return !isNoise || holdsCardNumber(String(size).replace(/e.*|\D/g, ''), 'id')
}

/** How a detector reads amounts. */
export interface AmountFormat {
  readonly field: string
  readonly digits?: number | undefined
  readonly conversion?: string | undefined
}

/** An amount as features see it: whole minor units where the format has digits, else as it came; or why it can't be, without the value. */
export function readAmount(
  { field, digits, conversion }: AmountFormat,
  given: number,
  rate: number,
): number | FieldError {
  const value = conversion === undefined ? given : given * rate
  if (digits === undefined) return value
  if (Number.isNaN(given)) return { field, reason: 'has no amount' }
  if (conversion !== undefined && Number.isNaN(value)) return { field: conversion, reason: 'has no rate' }
  const minor = conversion === undefined ? toMinorUnits(given, digits) : Math.round(value * 10 ** digits)
  if (Number.isSafeInteger(minor)) return minor
  const isTooLarge = !Number.isSafeInteger(Math.round(value * 10 ** digits))
  return { field, reason: isTooLarge ? 'is too large' : `has more than ${digits} decimals` }
}

/**
 * An amount in major units as people write it: with all decimals of the currency, however large it is, and its code.
 * Without digits it is exact to four decimals.
 */
export function showAmount(amount: number, digits: number | undefined, currency?: string): string {
  const shown = digits === undefined ? showNumber(amount, 4) : amount.toFixed(digits)
  return currency === undefined ? shown : `${shown} ${currency}`
}

/** A number with so many decimals at most; with as many significant digits where it is smaller than those can tell. */
export function showNumber(value: number, decimals = 6): string {
  const isTiny = value !== 0 && Math.abs(value) < 10 ** (1 - decimals)
  return String(Number(isTiny ? value.toPrecision(decimals) : value.toFixed(decimals)))
}
