import { durationMs, sayDuration } from '../core/duration.ts'

/** How people are told of a key: "this card", and of its window: "within 10 minutes". */
export interface PastWords {
  readonly key: string
  readonly within: string
}

export function pastWords(by: string, over: string, { delay = '0s', excludeSelf, where }: OfWindow = {}): PastWords {
  const width = sayDuration(durationMs(over))
  const delayMs = durationMs(delay)
  const window = delayMs === 0 ? `within ${width}` : `in the ${width} until ${sayDuration(delayMs)} before`
  const within = excludeSelf ? `in the ${width} before` : window
  return { key: `this ${spoken(by)}`, within: where === undefined ? within : `${within} with ${where}` }
}

/** What of a window is told beside its length. */
interface OfWindow {
  readonly delay?: string | undefined
  readonly excludeSelf?: boolean | undefined
  readonly where?: string | undefined
}

/** A name of the detector's as a word: "merchant category". */
export function spoken(name: string): string {
  return name.replaceAll('_', ' ')
}

/** "1 payment", "9 payments". */
export function counted(count: number, noun: string): string {
  return `${showRatio(count)} ${count === 1 ? noun : plural(noun)}`
}

function plural(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`
  return /(?:s|x|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`
}

const prepositions: Readonly<Record<string, string>> = {
  terminal: 'at',
  merchant: 'at',
  shop: 'at',
  store: 'at',
  atm: 'at',
  bank: 'at',
  device: 'from',
  browser: 'from',
  ip: 'from',
  address: 'from',
  country: 'in',
  city: 'in',
  region: 'in',
  category: 'in',
  currency: 'in',
}

/** Where a payment is made: "at this terminal", "from this device"; "with this …" for what is not known as a place. */
export function placed(name: string): string {
  const word = spoken(name)
  const last = word.slice(word.lastIndexOf(' ') + 1)
  return `${prepositions[last] ?? 'with'} this ${word}`
}

/** A ratio or a measure, with three significant digits, or all of a whole number. */
export function showRatio(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)))
}

export function showShare(share: number): string {
  return `${showRatio(100 * share)} %`
}
