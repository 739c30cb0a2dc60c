import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Decisions } from './decisions.ts'

/**
 * Rules that between them go through what checks one: every part of the language, what is wrong with hostile ones, hints
 * for names that are misspelt, patterns.
 */
function samples(name: string): readonly string[] {
  const or = (parts: number, part: (i: number) => string) =>
    Array.from({ length: parts }, (_, i) => part(i)).join(' || ')
  return [
    'true',
    `${name} > 3.0 && ${name} < 9.5 * 2.0 || !(${name} == 1.0)`,
    `${name} in [1.0, 2.0] && [1, 2].all(x, x > 0) && (1 < 2 ? true : false)`,
    `time.getHours("Europe/Berlin") < 5 && time - timestamp("2026-01-01T00:00:00Z") > duration("1h")`,
    'score >= 0.5 && "a".startsWith("b") && "é" + "b" != "c" && size("abc") == 3',
    `${name}x > 1 && _${name} == "1" && ${name}.foo() && __proto__.constructor.x == 1`,
    `${'('.repeat(200)}true${')'.repeat(200)}`,
    `[1, 2].all(x, [1, 2].all(y, [1, 2].all(z, x + y + z > -1)))`,
    or(10, (i) => `zzzz_${i}d > 1`),
    '"a".matches("(a+)+$")',
    '"a".matches("((a{10}){10}){10}")',
    or(10, (i) => `"x".matches("^[a-z]${i}?\\\\d*$")`),
    `"${'x'.repeat(5000)}" == "y"`,
    'amount ==',
  ]
}

/** Each twice: code that has run once is made ready, and runs fast from then on. */
const times = 2

/**
 * Checks made-up rules, one in a turn of the loop, and keeps none: the first rule that somebody sends, which may be a hostile
 * one, does not wait until the code that checks it and the tables of patterns are loaded.
 */
export async function warmChecker(decisions: Pick<Decisions, 'examine' | 'isReady' | 'policy'>): Promise<void> {
  const all = samples(decisions.policy.names.hasAmount ? 'amount' : 'score')
  for (let place = 0; place < times * all.length; place++) {
    await nextTurn()
    if (!decisions.isReady) return
    const rule = { id: 'warm-up', when: all[place % all.length], then: 'review', reason: 'At {time}' }
    decisions.examine({ kind: 'rule', rule })
  }
}
