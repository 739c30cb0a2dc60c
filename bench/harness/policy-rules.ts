import { readFileSync } from 'node:fs'
import { durationMs } from '../../src/core/duration.ts'
import { createRandom, type Random } from '../../src/core/random.ts'
import { parseDetectorFile } from '../../src/detector/detector.ts'
import { compileFeatures } from '../../src/features/feature-set.ts'

const dayMs = durationMs('1d')

/** What rules about a detector's transactions may speak of. */
export interface RuleWords {
  readonly keys: readonly string[]
  readonly counts: readonly string[]
  readonly means: readonly string[]
  readonly rates: readonly string[]
}

/** A rule as `POST /v1/rules` takes it. */
export interface SentRule {
  readonly id: string
  readonly when: string
  readonly then: string
  readonly reason: string
  readonly state: string
}

export function ruleWordsOf(detectorFile: string): RuleWords {
  const located = parseDetectorFile(readFileSync(detectorFile, 'utf8'), detectorFile)
  const { names } = compileFeatures(located)
  const like = (part: RegExp) => names.filter((name) => part.test(name))
  return {
    keys: Object.keys(located.detector.transaction.keys ?? {}),
    counts: like(/(?<!fraud)_count_\d+[a-z]$/),
    means: like(/_mean_\d+[a-z]$/),
    rates: like(/_fraud_rate_\d+[a-z]$/),
  }
}

/** Lists that the rules ask: of the first key, and of the second. */
export function listsOf({ keys: [first, second = first] }: RuleWords): readonly ListOfValues[] {
  return [
    { name: 'watched', of: first, effect: 'none' },
    { name: 'blocked', of: second, effect: 'block' },
  ]
}

interface ListOfValues {
  readonly name: string
  readonly of: string
  readonly effect: string
}

/** Rules such as fraud teams write, three of four live, the others in shadow; most of them are false of most transactions. */
export function drawRules(words: RuleWords, count: number, seed = 15): readonly SentRule[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, i) => drawRule(words, random, i))
}

function drawRule(words: RuleWords, random: Random, place: number): SentRule {
  const { when, says } = drawCondition(words, random)
  return {
    ...{ id: `rule-${place}`, when, reason: `${says}, an amount of {amount}` },
    then: ['review', 'review', 'challenge', 'decline'][random.integer(4)],
    state: place % 4 === 3 ? 'shadow' : 'live',
  }
}

function drawCondition({ keys, counts, means, rates }: RuleWords, random: Random) {
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]
  const amount = () => Math.round(10 ** (1.5 + 0.8 * random.uniform()))
  const [count, mean, rate, key] = [pick(counts), pick(means), pick(rates), pick(keys)]
  const many = `${count} > ${manyIn(count, random)}`
  const value = () => `"${random.integer(10_000)}"`
  const shapes: readonly { readonly when: string; readonly says: string }[] = [
    { when: `${many} && amount < ${1 + random.integer(9)}.0`, says: `{${count}} payments` },
    { when: `${many} && score > 0.${1 + random.integer(8)}`, says: `{${count}} payments at a score of {score}` },
    { when: `amount > ${3 + random.integer(9)} * ${mean} && amount > ${amount()}`, says: `Usual are {${mean}}` },
    { when: `${rate} > 0.${2 + random.integer(7)} && amount > ${amount()}`, says: `Of {${rate}} of them frauds` },
    { when: `time.getHours("Europe/Berlin") < ${1 + random.integer(5)} && amount > ${amount()}`, says: 'At night' },
    { when: `score >= 0.${3 + random.integer(6)} && amount > ${amount()}`, says: 'A score of {score}' },
    { when: `${keys[0]} in lists.watched && amount > ${amount()}`, says: 'On the list' },
    { when: `${key} in [${value()}, ${value()}, ${value()}] && score > 0.05`, says: `Of {${key}}` },
    { when: `${key}.startsWith("99") && ${many}`, says: `Of {${key}}` },
    { when: `(${many} || ${rate} > 0.${4 + random.integer(5)}) && amount > ${amount()}`, says: `{${count}} payments` },
  ]
  return pick(shapes)
}

/** More than most keys do in the window that a feature's name ends with. */
function manyIn(feature: string, random: Random): number {
  const days = Math.max(1, durationMs(feature.slice(feature.lastIndexOf('_') + 1)) / dayMs)
  const least = Math.round(4 * days ** 0.95)
  return least + random.integer(least)
}
