import type { OutcomeFigures, PolicyFigures } from './policy-figures.ts'
import { type Estimate, showEstimate, showShare } from './supported-digits.ts'

const ranged = ({ value, lower, upper }: ReturnType<typeof showEstimate>, unit: string) =>
  `${value}${unit} (${lower} to ${upper})`

/** How many transactions: "2.4 a day (1.8 to 3.2)", or of a thousand where the rows are less than a day's. */
export function wordsForRate({ perDay, perThousand }: OutcomeFigures): string {
  return perDay === undefined ? ranged(showEstimate(perThousand), ' of 1,000') : ranged(showEstimate(perDay), ' a day')
}

/** "91 % (78 to 97)", or "91 % of them fraud (78 to 97)". */
export function wordsForShare(share: Estimate, ofWhat = ''): string {
  return ranged(showShare(share), ` %${ofWhat}`)
}

/** "12,400 EUR (9,000 to 16,000)". */
export function wordsForMoney(
  money: Estimate,
  { digits, currency }: Pick<PolicyFigures, 'digits' | 'currency'>,
): string {
  return ranged(showEstimate(money, digits), currency === undefined ? '' : ` ${currency}`)
}

/** What the policy does, in two sentences that need no statistics. */
export function policyVerdict({ stopped, thresholds }: PolicyFigures): string {
  if (Object.keys(thresholds).length === 0)
    return 'The policy has no threshold: it approves everything, including every fraud.'
  if (stopped.precision === undefined) return 'The policy stops nothing: every fraud passes.'
  if (stopped.frauds === 0) return 'The policy stops no fraud: everything that it stops is legitimate.'
  const [caught, right] = [stopped.recall, stopped.precision].map(showShare)
  return (
    `The policy stops ${caught.value} of 100 frauds (${caught.lower} to ${caught.upper}). ` +
    `Of 100 transactions that it stops, ${right.value} are fraud (${right.lower} to ${right.upper}).`
  )
}
