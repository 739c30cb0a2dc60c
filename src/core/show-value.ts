import { holdsCardNumber } from './card-number.ts'

const longestShown = 40
const longestName = 128
/** A longer text is cut here before it is looked at. */
const longestLooked = 1024

/**
 * Text from a file or a request, fit for a message: one line, not endless, and without anything that could be a card
 * number (13 digits or more, spaces and hyphens between them ignored, or what else is taken for one), whatever column it
 * was found in.
 */
export function showValue(text: string): string {
  const masked = maskCardNumber(text.slice(0, longestLooked))
  const shown = masked.length > longestShown ? `${masked.slice(0, longestShown)}…` : masked
  return shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"\\]/gu, escapeCharacter)
}

/** A caller's name for something: as it is, without a card number's digits, and cut where it is too long for a name. */
export function showName(name: string): string {
  const masked = maskCardNumber(name.slice(0, longestLooked))
  return masked.length > longestName ? `${masked.slice(0, longestName)}…` : masked
}

/** A name or value that holds a card number, without its digits; any other as it is. */
export function maskCardNumber(text: string): string {
  if (holdsCardNumber(text)) return text.replace(/\p{N}/gu, '*')
  return text.replace(/\d(?:[ -]?\d){12,}/g, (digits) => digits.replace(/\d/g, '*'))
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}
