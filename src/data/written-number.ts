/** What stands before the decimals of a number. */
export type DecimalMark = 'point' | 'comma'

/**
 * What a text says about how its file writes numbers: that decimals follow a point or a comma; `either` where it could
 * mean two numbers (1,234); `plain` where it means one number whatever the mark is.
 */
export type NumberEvidence = DecimalMark | 'either' | 'plain'

// A currency's sign or ISO 4217 code before or after the figure, and the minus before or after the sign.
const codes = Intl.supportedValuesOf('currency').join('|')
const currency = String.raw`(?:\p{Sc}|[A-Z]{1,2}\p{Sc}|kr\.?|Kč|zł|Fr\.|lei|${codes})`
const blank = String.raw`[ \u00a0\u202f]`
const shell = new RegExp(
  String.raw`^(?<open>\()?(?<sign>[-+\u2212])?(?:${currency}${blank}?)?(?<inner>[-+\u2212])?(?<figure>\d[\d.,'\u2019 \u00a0\u202f]*)(?:${blank}?${currency})?(?<close>\))?$`,
  'u',
)
const grouped = /^[1-9]\d{0,2}(?:([.,'\u2019 \u00a0\u202f])\d{3})(?:\1\d{3})*$/

interface Figure {
  readonly isNegative: boolean
  /** Digits and marks, as written. */
  readonly text: string
}

function figureOf(text: string): Figure | undefined {
  const found = shell.exec(text)?.groups
  if (found === undefined || (found.open === undefined) !== (found.close === undefined)) return undefined
  const signs = [found.sign, found.inner].filter((sign) => sign !== undefined)
  if (signs.length > 1 || (found.open !== undefined && signs.length > 0)) return undefined
  return { isNegative: found.open !== undefined || (signs[0] ?? '+') !== '+', text: found.figure.trim() }
}

/** Undefined where the text is not a number that people write. */
export function numberEvidence(text: string): NumberEvidence | undefined {
  const figure = figureOf(text)
  if (figure === undefined) return undefined
  const isPoint = isNumberWith(figure.text, '.')
  const isComma = isNumberWith(figure.text, ',')
  if (isPoint && isComma) return /[.,]/.test(figure.text) ? 'either' : 'plain'
  return isPoint ? 'point' : isComma ? 'comma' : undefined
}

/** The number that a text means where decimals follow the mark; NaN where it means none. */
export function readWrittenNumber(text: string, mark: DecimalMark): number {
  const figure = figureOf(text)
  const decimal = mark === 'point' ? '.' : ','
  if (figure === undefined || !isNumberWith(figure.text, decimal)) return Number.NaN
  const [whole, decimals = '0'] = figure.text.split(decimal)
  const value = Number(`${whole.replace(/\D/g, '')}.${decimals}`)
  return figure.isNegative ? -value : value
}

function isNumberWith(figure: string, decimal: string): boolean {
  const [whole, decimals = '0', ...more] = figure.split(decimal)
  return more.length === 0 && /^\d+$/.test(decimals) && (/^\d+$/.test(whole) || grouped.test(whole))
}
