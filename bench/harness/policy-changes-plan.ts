import { createRandom } from '../../src/core/random.ts'
import { changePolicy, send } from './policy-of-rules.ts'
import { drawRules, type RuleWords } from './policy-rules.ts'

const entriesAtOnce = 200

/** What became of changes that were made beside a load. */
export interface Changed {
  readonly count: number
  /** Of each change, from sending it to its answer. */
  readonly answerMs: readonly number[]
}

/** Makes changes of every kind one after the other, evenly over the time that there is. */
export async function changeAlong(
  origin: string,
  words: RuleWords,
  {
    count,
    seconds,
    rules,
    seed,
  }: { readonly count: number; readonly seconds: number; readonly rules: number; readonly seed: number },
): Promise<Changed> {
  const random = createRandom(seed)
  const drawn = drawRules(words, rules + count, seed)
  const versions: number[] = []
  const startMs = performance.now()
  const answerMs: number[] = []
  for (let place = 0; place < count; place++) {
    const dueMs = startMs + ((place + 0.5) / count) * seconds * 1000
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())))
    const sentMs = performance.now()
    const id = `rule-${random.integer(rules)}`
    const rule = { ...drawn[rules + place], id, tags: [`change-${place}`] }
    const kinds: readonly (() => Promise<unknown>)[] = [
      () => change({ kind: 'rule', rule }),
      () => change({ kind: 'rule', rule: { ...rule, id: `new-${seed}-${place}` } }),
      () =>
        change({
          kind: 'policy',
          policy: { thresholds: { review: (100 + random.integer(500)) / 1000, decline: 0.8 } },
        }),
      () => entries(place),
      () => change({ kind: 'rule-state', id, state: random.integer(2) === 0 ? 'live' : 'shadow' }),
      () => change({ kind: 'list', list: { name: `list_${seed}_${place}`, of: words.keys[0], effect: 'watch' } }),
      () => change({ kind: 'rollback', to: versions[random.integer(versions.length)] }),
    ]
    await kinds[place % kinds.length]()
    answerMs.push(performance.now() - sentMs)
  }
  return { count: answerMs.length, answerMs }

  async function change(given: unknown): Promise<void> {
    versions.push(await changePolicy(origin, given))
  }

  async function entries(place: number): Promise<void> {
    const lines = Array.from({ length: entriesAtOnce }, (_, i) => JSON.stringify({ value: `${place * 1000 + i}` }))
    await send(`${origin}/v1/lists/watched/entries`, 'application/x-ndjson', lines.join('\n'))
  }
}
