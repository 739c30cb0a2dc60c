import type { Random } from '../../src/core/random.ts'
import { type RuleDefinition, ruleSchema } from '../../src/decisioning/rule-definition.ts'

const counts = ['card_count_1h', 'card_count_1d', 'card_count_7d', 'device_count_1h', 'device_count_1d']
const countries = ['DE', 'FR', 'US', 'NG', 'RO']

/** Rules such as fraud teams write, over the names of the made log: each is true of few transactions. */
export function drawShopRules(random: Random, count: number): readonly RuleDefinition[] {
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]
  const amount = () => `${20 + random.integer(400)}.0`
  const shapes: readonly (() => string)[] = [
    () => `${pick(counts)} > ${2 + random.integer(6)} && amount > ${amount()}`,
    () => `country == "${pick(countries)}" && amount > ${amount()} && ${pick(counts)} >= ${2 + random.integer(4)}`,
    () => `country in ["${pick(countries)}", "${pick(countries)}"] && score > 0.${3 + random.integer(6)}`,
    () => `amount > ${2 + random.integer(10)} * card_amount_mean_7d && ${pick(counts)} > ${1 + random.integer(5)}`,
    () => `time.getHours("Europe/Berlin") < ${1 + random.integer(5)} && amount > ${amount()} && night == 1`,
    () => `score >= 0.${5 + random.integer(4)} && amount > ${amount()}`,
    () => `card_amount_sum_1d > ${100 + random.integer(900)}.0 && country != "${pick(countries)}"`,
  ]
  return Array.from({ length: count }, (_, i) =>
    ruleSchema.parse({
      ...{ id: `rule-${i}`, when: pick(shapes)(), then: pick(['review', 'decline', 'challenge']) },
      state: i % 4 === 0 ? 'shadow' : 'live',
      reason: 'The card paid {amount} in {country}',
    }),
  )
}
