/** Shown where a figure does not exist: nothing was divided by nothing. */
const absent = '–'

function outOfRange(value: number): string | undefined {
  if (Number.isNaN(value)) return absent
  if (value === Number.POSITIVE_INFINITY) return '∞'
  if (value === Number.NEGATIVE_INFINITY) return '−∞'
  return undefined
}

/** A minus sign as wide as a plus, and no such thing as minus zero. */
function withMinus(text: string): string {
  return /^-[0.]*$/.test(text) ? text.slice(1) : text.replace(/^-/, '−')
}

function group(digits: string): string {
  const [whole = '', fraction] = digits.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

function scientific(value: number, digits: number): string {
  return withMinus(value.toExponential(digits).replace('e+', 'e').replace('e-', 'e−'))
}

/** How many: whole, in groups of three. A weighted count is rounded to whole rows. */
export function formatCount(value: number): string {
  const odd = outOfRange(value)
  if (odd !== undefined) return odd
  if (Math.abs(value) >= 1e15) return scientific(value, 2)
  return withMinus(group(Math.round(value).toFixed(0)))
}

/** Any figure with `digits` significant digits, whole numbers in full, very large and very small ones as powers. */
export function formatGeneral(value: number, digits = 4): string {
  const odd = outOfRange(value)
  if (odd !== undefined) return odd
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e9 || size < 1e-5)) return scientific(value, digits - 2)
  if (Number.isInteger(value)) return withMinus(group(value.toFixed(0)))
  return withMinus(group(value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(size))))))
}

/** A metric: three significant digits. */
export function formatMetric(value: number): string {
  return formatGeneral(value, 3)
}

/** A share of 0..1 in percent, with enough digits that a small one is not 0 and a large one is not 100. */
export function formatPercent(share: number): string {
  const percent = share * 100
  const odd = outOfRange(percent)
  if (odd !== undefined) return odd
  if (Math.abs(percent) >= 1e6) return `${scientific(percent, 1)}%`
  const size = Math.abs(percent)
  if (size === 0 || size === 100) return `${percent}%`
  if (size < 0.0001) return `${scientific(percent, 1)}%`
  const nearest = Math.min(size, Math.abs(100 - size))
  const decimals = nearest >= 1 ? 1 : Math.min(6, 1 - Math.floor(Math.log10(nearest)))
  return `${withMinus(percent.toFixed(decimals))}%`
}

/** How many of a hundred: whole, but a share that is not exactly none or all never reads as one. */
export function formatPer100(share: number): string {
  const of100 = share * 100
  const odd = outOfRange(of100)
  if (odd !== undefined) return odd
  if (Math.abs(of100) >= 1e6) return scientific(of100, 1)
  if (of100 > 0 && of100 < 0.1) return 'fewer than 0.1'
  if (of100 > 99.9 && of100 < 100) return 'more than 99.9'
  return of100 % 100 !== 0 && (of100 < 1 || of100 > 99) ? of100.toFixed(1) : of100.toFixed(0)
}

/** A threshold of 0..1: up to four significant digits, without zeros at the end. */
export function formatThreshold(value: number): string {
  const odd = outOfRange(value)
  if (odd !== undefined) return odd
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-5 || size >= 1e6)) return scientific(value, 2)
  return withMinus(String(Number(value.toPrecision(4))))
}

/** One of a few: "1 fraud", "2 frauds". */
export function formatNumberOf(value: number, singular: string): string {
  return `${formatCount(value)} ${Math.round(value) === 1 ? singular : `${singular}s`}`
}

const superscripts: Readonly<Record<string, string>> = {
  '-': '⁻',
  '0': '⁰',
  '1': '¹',
  '2': '²',
  '3': '³',
  '4': '⁴',
  '5': '⁵',
  '6': '⁶',
  '7': '⁷',
  '8': '⁸',
  '9': '⁹',
}

/** A power of ten beside a tick; one with many zeros before it is written as a power. */
export function formatPower(exponent: number): string {
  if (exponent >= -2) return formatTick(10 ** exponent)
  return `10${[...String(exponent)].map((sign) => superscripts[sign] ?? sign).join('')}`
}

/** A figure beside a tick: short, thousands and millions as k and M. */
export function formatTick(value: number): string {
  if (Math.abs(value) >= 1e12) return scientific(value, 1)
  for (const [unit, letter] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(value) >= unit) return withMinus(`${Number((value / unit).toPrecision(3))}${letter}`)
  }
  return withMinus(String(Number(value.toPrecision(3))))
}

/** A name in so many letters at most. */
export function shorten(name: string, most: number): string {
  const flat = name.replace(/\s+/g, ' ')
  const letters = [...flat]
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : flat
}
