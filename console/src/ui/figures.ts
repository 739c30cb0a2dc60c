import { amountOf, amountSent, detector, type Transaction } from '../api/detector.ts'

const counts = new Intl.NumberFormat('en')
const monies = new Map<string, Intl.NumberFormat>()

export function formatCount(value: number): string {
  return counts.format(value)
}

/** A share of 0 to 1 in percent, with a digit more where it is small; a share that does not exist is a dash. */
export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined || Number.isNaN(share)) return '–'
  const percent = share * 100
  const nearest = Math.min(percent, 100 - percent)
  if (nearest > 0 && nearest < 0.005) return percent < 50 ? '<0.01%' : '>99.99%'
  return `${percent.toFixed(percent === 0 || percent === 100 ? 0 : nearest < 1 ? 2 : 1)}%`
}

/** A probability, with more digits near 0 and 1, so that it is told as either only where it is. */
export function formatScore(score: number): string {
  const nearest = Math.min(score, 1 - score)
  if (nearest > 0 && nearest < 0.00005) return score < 0.5 ? '<0.0001' : '>0.9999'
  return score.toFixed(nearest > 0 && nearest < 0.01 ? 4 : 2)
}

/** An amount in its currency, or bare where none is declared: then nothing is made up. */
export function formatMoney(amount: number, currency: string | undefined, digits?: number): string {
  const name = `${currency ?? ''} ${digits ?? ''}`
  let made = monies.get(name)
  if (made === undefined) {
    made = moneyFormat(currency, digits)
    monies.set(name, made)
  }
  return made.format(amount)
}

function moneyFormat(currency: string | undefined, digits: number | undefined): Intl.NumberFormat {
  const places =
    digits === undefined
      ? { maximumFractionDigits: 2 }
      : { minimumFractionDigits: digits, maximumFractionDigits: digits }
  if (currency === undefined) return new Intl.NumberFormat('en', places)
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code', ...places })
  } catch {
    // A field may hold what is no code.
    return new Intl.NumberFormat('en', places)
  }
}

/** What a transaction is about, as money. */
export function formatAmount(transaction: Transaction): string {
  const amount = amountOf(transaction)
  return amount === undefined ? '–' : formatMoney(amount.value, amount.currency, amount.digits)
}

/** An amount as it was sent, which may be in minor units. */
export function formatSent(amount: number | null): string {
  if (amount === null) return '–'
  const { value, currency, digits } = amountSent(amount)
  return formatMoney(value, currency, digits)
}

/** A sum as the service keeps it: in minor units where amounts have digits. One currency is named only where there is one. */
export function formatMinor(minor: number | null, currency = detector.value?.amount?.currency): string {
  if (minor === null) return '–'
  const { digits } = detector.value?.amount ?? {}
  return formatMoney(majorOf(minor), currency, digits)
}

export function majorOf(minor: number): number {
  const { digits } = detector.value?.amount ?? {}
  return digits === undefined ? minor : minor / 10 ** digits
}
