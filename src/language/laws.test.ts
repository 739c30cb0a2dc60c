import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { declarations, subjectOf } from '../../test/language/declared.ts'
import { drawExpression, drawValues } from '../../test/language/draw-expression.ts'
import { createRandom } from '../core/random.ts'
import { compileExpression, type Program, ProgramIndex, printSyntax } from './index.ts'

const random = createRandom(1)

function programOf(text: string): Program {
  const compiled = compileExpression(text, declarations)
  if (!compiled.ok) assert.fail(`${text}: ${compiled.problems.map(({ message }) => message).join('; ')}`)
  return compiled.program
}

/** Conditions that can be checked. */
const drawn = Array.from({ length: 3000 }, () => drawExpression(random, 1 + random.integer(4))).filter(
  (text) => text.length < 1000 && compileExpression(text, declarations).ok,
)

describe('of conditions in three values', () => {
  test('what is known stays so, whatever a missing value turns out to be', () => {
    let [known, unknown] = [0, 0]
    for (const text of drawn) {
      const { evaluate } = programOf(text)
      const some = drawValues(random, 0.5)
      const result = evaluate(subjectOf(some))
      if (result === undefined) unknown++
      else known++
      for (let i = 0; i < 5 && result !== undefined; i++) {
        assert.equal(evaluate(subjectOf({ ...drawValues(random, i / 10), ...some })), result, text)
      }
    }
    assert.ok(known > 500 && unknown > 500, `${known} known, ${unknown} unknown`)
  })

  test('&& and || don’t mind order, and ! turns one into the other', () => {
    for (let i = 0; i + 2 < drawn.length; i += 3) {
      const [a, b, c] = drawn.slice(i, i + 3).map((text) => `(${text})`)
      if (a.length + b.length + c.length > 1500) continue
      const subject = subjectOf(drawValues(random, 0.4))
      const same = (one: string, other: string) => {
        const [left, right] = [compileExpression(one, declarations), compileExpression(other, declarations)]
        if (left.ok && right.ok) {
          assert.equal(left.program.evaluate(subject), right.program.evaluate(subject), `${one} as ${other}`)
        }
      }
      same(`${a} && ${b} && ${c}`, `${c} && (${b} && ${a})`)
      same(`${a} || ${b} || ${c}`, `${c} || (${b} || ${a})`)
      same(`!(${a} && ${b})`, `!${a} || !${b}`)
      same(`!(${a} || ${b})`, `!${a} && !${b}`)
      same(`!!${a}`, a)
      same(`${a} && (${b} || ${c})`, `${a} && ${b} || ${a} && ${c}`)
    }
  })

  test('all is &&, exists is ||, and in is == of each item', () => {
    for (let i = 0; i < 500; i++) {
      const subject = subjectOf(drawValues(random, 0.4))
      const items = Array.from({ length: 1 + random.integer(3) }, () =>
        drawExpression(random, random.integer(2), 'double'),
      )
      const body = (item: string) => `(${item}) > 1.0 && (${item}) != score`
      const ask = (text: string) => programOf(text).evaluate(subject)
      const list = `[${items.join(', ')}]`
      assert.equal(ask(`${list}.all(x, ${body('x')})`), ask(items.map((item) => `(${body(item)})`).join(' && ')))
      assert.equal(ask(`${list}.exists(x, ${body('x')})`), ask(items.map((item) => `(${body(item)})`).join(' || ')))
      assert.equal(ask(`score in ${list}`), ask(items.map((item) => `score == (${item})`).join(' || ')))
    }
  })
})

test('a printed condition says what the condition says', () => {
  for (const text of drawn) {
    const program = programOf(text)
    const printed = programOf(printSyntax(program.tree))
    const subject = subjectOf(drawValues(random, 0.3))
    assert.equal(printed.evaluate(subject), program.evaluate(subject), text)
  }
})

test('an index finds every program that is true or unknown, and no other', () => {
  let [spoke, unknown] = [0, 0]
  const index = new ProgramIndex()
  const programs: (Program | undefined)[] = []
  for (let round = 0; round < 30; round++) {
    // Some of them change, some go, and some come, as rules do.
    for (let change = 0; change < (round === 0 ? 60 : 20); change++) {
      const place = random.integer(round === 0 ? 60 : 70)
      const program = random.integer(5) === 0 ? undefined : programOf(drawRule())
      programs[place] = program
      index.set(place, program)
    }
    for (let i = 0; i < 20; i++) {
      // An int that is no whole number is unknown.
      const spoilt = i % 5 === 0 ? { items: 2.5 } : {}
      const subject = subjectOf({ ...drawValues(random, i % 2 === 0 ? 0 : 0.3), ...spoilt })
      const results = Array.from(programs, (program) => (program === undefined ? false : program.evaluate(subject)))
      const places = (wanted: boolean | undefined) =>
        results.flatMap((result, place) => (result === wanted ? place : []))
      assert.deepEqual(index.ask(subject), { true: places(true), unknown: places(undefined) })
      spoke += places(true).length
      unknown += places(undefined).length
    }
  }
  assert.ok(spoke > 1000 && unknown > 1000, `${spoke} true, ${unknown} unknown`)
})

const parts = ['getHours', 'getMinutes', 'getDayOfWeek', 'getSeconds']
const zones = ['', '"UTC"', '"Europe/Berlin"', '"+05:30"']

/** Conditions of which some can be looked up, at their limits, too. */
function drawRule(): string {
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]
  const order = () => pick(['<', '<=', '>', '>=', '==', '!='])
  const atoms: readonly (() => string)[] = [
    () =>
      `${pick(['score', 'card_count_10m', 'amount'])} ${order()} ${pick(['0.0', '-0.0', '0.25', '1', '2.5', '9', '24'])}`,
    () => `${pick(['0', '1', '3', '7'])} ${order()} ${pick(['items', 'visits'])}`,
    () => `items in [${pick(['1', '-1, 2', '0, 3, 7'])}]`,
    () => `${pick(['country', 'email'])} ${pick(['==', '!='])} ${pick(['"DE"', '"FR"', '""', 'ip_country'])}`,
    () => `country in ["DE", ${pick(['"7"', 'email'])}]`,
    () => `${pick(['device', 'country'])} in lists.${pick(['blocked', 'down', '`known devices`'])}`,
    () => `time < timestamp("${pick(['2026-01-04T23:30:15.25Z', '2026-01-05T12:00:00Z'])}")`,
    () => `time.${pick(parts)}(${pick(zones)}) ${order()} ${pick(['0', '1', '6', '15', '23', '30'])}`,
    () => `${pick(['0', '3', '30'])} ${order()} time.${pick(parts)}(${pick(zones)})`,
    () => `time.${pick(parts)}(${pick(zones)}) in [${pick(['0', '1, 23', '0, 15, 30'])}]`,
    () => `amount ${order()} ${pick(['3.0 * score', 'score * -2.0', '0.1 * customer_amount_mean_7d', '0.0 * score'])}`,
    () => `${pick(['24.0 * score', 'card_count_10m * 2.0'])} ${order()} ${pick(['card_count_1h', 'amount'])}`,
    () => pick(['true', 'false', 'is_guest', '!is_guest', 'has(country)', 'country < email', 'score > amount']),
  ]
  const part = (depth: number): string => {
    if (depth === 0) return pick(atoms)()
    const parts = Array.from({ length: 1 + random.integer(3) }, () => `(${part(depth - 1)})`)
    return parts.join(pick([' && ', ' && ', ' || ']))
  }
  return part(random.integer(3))
}
