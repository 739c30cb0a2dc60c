const longestShown = 40

/**
 * Text from a file, fit for a message: one line, not endless, and without anything that could be a card number (13
 * digits or more, spaces and hyphens between them ignored), whatever column it was found in.
 */
export function showValue(text: string): string {
  const masked = text.replace(/\d(?:[ -]?\d){12,}/g, (digits) => digits.replace(/\d/g, '*'))
  const shown = masked.length > longestShown ? `${masked.slice(0, longestShown)}…` : masked
  return shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"\\]/gu, escapeCharacter)
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}
