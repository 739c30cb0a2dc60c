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
