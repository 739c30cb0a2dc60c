import { createHmac } from 'node:crypto'
import type { Random } from '../src/core/random.ts'
import { type Outcome, outcomes } from '../src/detector/detector-schema.ts'

/** A row of `shrike log export`. */
export type ExportedRow = Readonly<Record<string, string>>

/** Three-valued: undefined where a value is missing. */
type Test = (row: ExportedRow, sets: ReadonlyMap<string, ReadonlySet<string>>) => boolean | undefined

/** A rule as people write it, and what it says of a row of the exported log, worked out without the rule language. */
export interface BruteRule {
  readonly id: string
  readonly when: string
  readonly test: Test
  readonly then: Outcome
  readonly strength: 'plain' | 'override' | 'final'
  readonly state: 'live' | 'shadow'
  readonly share: number | undefined
}

const numbers = [
  { name: 'amount', column: 'AMOUNT', most: 120 },
  { name: 'score', column: 'score', most: 1 },
  { name: 'card_count_1d', column: 'card_count_1d', most: 4 },
  { name: 'device_count_1d', column: 'device_count_1d', most: 4 },
  { name: 'card_amount_mean_7d', column: 'card_amount_mean_7d', most: 80 },
]
const countries = ['DE', 'FR', 'US', 'NG', 'RO']

export function numberOf(row: ExportedRow, column: string): number | undefined {
  return row[column] === '' ? undefined : Number(row[column])
}

function drawTerm(random: Random): { readonly when: string; readonly test: Test } {
  const kind = random.integer(4)
  if (kind === 0) {
    const country = countries[random.integer(countries.length)]
    return { when: `country == "${country}"`, test: (row) => row.COUNTRY === country }
  }
  if (kind === 1) {
    const test: Test = ({ DEVICE: device }, sets) =>
      device === '' ? undefined : sets.get('devices')?.has(device) === true
    return { when: 'device in lists.devices', test }
  }
  const { name, column, most } = numbers[random.integer(numbers.length)]
  const limit = Math.round(random.uniform() * most * 100) / 100
  const [isOver, text] = [random.integer(2) === 0, limit.toFixed(2)]
  return {
    when: `${name} ${isOver ? '>' : '<='} ${text}`,
    test: (row) => {
      const value = numberOf(row, column)
      return value === undefined ? undefined : isOver ? value > Number(text) : value <= Number(text)
    },
  }
}

export function drawBruteRule(random: Random, id: string): BruteRule {
  const [one, other] = [drawTerm(random), drawTerm(random)]
  const isAnd = random.integer(3) > 0
  // As CEL absorbs what is unknown: false decides an `and`, true an `or`.
  const test: Test = (row, sets) => {
    const values = [one.test(row, sets), other.test(row, sets)]
    if (values.includes(!isAnd)) return !isAnd
    return values.includes(undefined) ? undefined : isAnd
  }
  return {
    ...{ id, test, when: `${one.when} ${isAnd ? '&&' : '||'} ${other.when}` },
    then: outcomes[random.integer(outcomes.length)],
    strength: (['plain', 'plain', 'plain', 'override', 'final'] as const)[random.integer(5)],
    state: random.integer(4) === 0 ? 'shadow' : 'live',
    share: random.integer(4) === 0 ? Math.round(random.uniform() * 100) / 100 : undefined,
  }
}

export interface BrutePolicy {
  readonly review: number
  readonly decline: number
  readonly rules: readonly BruteRule[]
  /** Whether a list of devices blocks by itself. */
  readonly blocks: boolean
}

/** What the policy makes of a row: the strongest opinions, and of those the most severe. */
export function judgeBrute(
  policy: BrutePolicy,
  row: ExportedRow,
  sets: ReadonlyMap<string, ReadonlySet<string>>,
  secret: Buffer,
) {
  const spoke = policy.rules.filter((rule) => rule.test(row, sets) === true)
  const drawn = (rule: BruteRule) => rule.share === undefined || draw(secret, `rule:${rule.id}`, row.id) < rule.share
  const score = numberOf(row, 'score')
  const opinions = [
    ...spoke.filter((rule) => rule.state === 'live' && drawn(rule)).map(({ then, strength }) => ({ then, strength })),
    ...(policy.blocks && sets.get('devices')?.has(row.DEVICE) === true
      ? [{ then: 'decline' as const, strength: 'final' as const }]
      : []),
    { then: byScore(policy, score), strength: 'plain' as const },
  ]
  const strength = (['final', 'override', 'plain'] as const).find((each) =>
    opinions.some((one) => one.strength === each),
  )
  const said = opinions.filter((each) => each.strength === strength).map(({ then }) => outcomes.indexOf(then))
  return {
    outcome: outcomes[Math.max(...said)],
    hits: spoke.filter((rule) => rule.state === 'shadow' || drawn(rule)).map(({ id }) => id),
    undrawn: spoke.filter((rule) => rule.state === 'live' && !drawn(rule)).map(({ id }) => id),
    unknown: policy.rules.filter((rule) => rule.test(row, sets) === undefined).map(({ id }) => id),
  }
}

function byScore({ review, decline }: BrutePolicy, score: number | undefined): Outcome {
  if (score === undefined) return 'review'
  return score >= decline ? 'decline' : score >= review ? 'review' : 'approve'
}

function draw(secret: Buffer, purpose: string, id: string): number {
  const digest = createHmac('sha256', secret).update(`${purpose.length}:${purpose}${id}`).digest()
  return Number(digest.readUIntBE(0, 6)) / 2 ** 48
}

/** Counts and cents of a set of rows, by what they turned out to be. */
export class BruteSet {
  readonly counts: Record<Truth, number> = { fraud: 0, legitimate: 0, unknown: 0, young: 0 }
  readonly cents: Record<Truth, number> = { fraud: 0, legitimate: 0, unknown: 0, young: 0 }

  add(row: ExportedRow, truth: Truth): void {
    this.counts[truth]++
    this.cents[truth] += Math.round(Number(row.AMOUNT) * 100)
  }
}

type Truth = 'fraud' | 'legitimate' | 'unknown' | 'young'

/** By the labels of the export, of which only those known by a time count. */
export function truthOf(row: ExportedRow, matureMs: number): Truth {
  if (Date.parse(row.timestamp) > matureMs) return 'young'
  if (row.is_fraud !== '') return row.is_fraud === '1' ? 'fraud' : 'legitimate'
  return row.outcome === 'approve' ? 'legitimate' : 'unknown'
}

/** What outcomes cost, as a policy has it and as `costBrute` works it out. */
export const bruteCosts = {
  missedFraud: { share: 1 },
  wrongDecline: { share: 0.1, fixed: 5 },
  review: { cost: 2, finds: 0.75 },
  challenge: { cost: 1, honestLeave: 0.2, stops: 0.5 },
}

/** What an outcome costs where it is known whether it was fraud. */
export function costBrute(outcome: Outcome, isFraud: boolean, row: ExportedRow): number {
  const amount = Number(row.AMOUNT)
  const wronged = 5 + 0.1 * amount
  if (outcome === 'approve') return isFraud ? amount : 0
  if (outcome === 'challenge') return 1 + (isFraud ? 0.5 * amount : 0.2 * wronged)
  return outcome === 'review' ? 2 + (isFraud ? 0.25 * amount : 0) : isFraud ? 0 : wronged
}
