import { FraudError } from '../core/errors.ts'

/** @throws FraudError OPTION_INVALID where the value is no whole number in the range. */
export function requireWhole(name: string, value: number, least: number, most = 2 ** 31 - 1): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw refuseOption(name, `must be a whole number from ${least} to ${most}, not ${value}`)
}

/** @throws FraudError OPTION_INVALID where the value is no number in the range. */
export function requireBetween(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return
  const from = least === Number.MIN_VALUE ? 'above 0' : `${least} or more`
  const to = most === Number.MAX_VALUE ? '' : ` and at most ${most}`
  throw refuseOption(name, `must be ${from}${to}, not ${value}`)
}

/** What is wrong with an option of a learner, which a detector file, a request or a flag gave. */
export function refuseOption(name: string, reason: string): FraudError {
  return new FraudError('OPTION_INVALID', `${name} ${reason}`, { errors: [{ field: name, reason }] })
}
