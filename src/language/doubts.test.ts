import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compileExpression, type Declaration, type Declarations, type Subject } from './index.ts'

const number = (slot: number, more: Partial<Declaration> = {}): Declaration => ({ type: 'double', slot, ...more })
const text = (slot: number, more: Partial<Declaration> = {}): Declaration => ({ type: 'string', slot, ...more })

const declarations: Declarations = {
  names: new Map<string, Declaration>([
    ['amount', number(0, { always: true })],
    ['time', { type: 'timestamp', slot: 1, always: true }],
    ['score', number(2, { range: { least: 0, most: 1 } })],
    ['card_count_1h', number(3, { range: { least: 0, most: Number.POSITIVE_INFINITY, isWhole: true } })],
    ['weekend', number(4, { range: { least: 0, most: 1, isWhole: true } })],
    ['channel', text(0, { texts: ['online', 'pos'], hasOnly: true })],
    ['country', text(1, { texts: ['DE'] })],
    ['card', { type: 'token', slot: 2, tokensOf: 'card' }],
    ['device', { type: 'token', slot: 3, tokensOf: 'device' }],
    ['ip_country', text(4, { texts: [] })],
  ]),
  lists: new Map([
    ['stolen', 0],
    ['odd', 1],
  ]),
  listsOf: new Map([
    ['stolen', 'device'],
    ['odd', 'country'],
  ]),
}

function warningsOf(condition: string): readonly string[] {
  const compiled = compileExpression(condition, declarations)
  assert.ok(compiled.ok, condition)
  return compiled.warnings.map(({ message }) => message)
}

function warns(expected: Readonly<Record<string, RegExp>>): void {
  for (const [condition, pattern] of Object.entries(expected)) assert.match(warningsOf(condition).join('\n'), pattern)
}

function isSilent(...conditions: readonly string[]): void {
  for (const condition of conditions) assert.deepEqual(warningsOf(condition), [], condition)
}

describe('a warning', () => {
  test('tells of numbers that a value never reaches, and of a share that is written as of 100', () => {
    warns({
      'score > 20': /score is from 0 to 1, so this is never true; 20 of 100 is 0.2/,
      '65 <= score': /score is from 0 to 1, so this is never true; 65 of 100 is 0.65/,
      'score <= 1.0': /always true/,
      'score * 100 > 650': /score \* 100 is from 0 to 100, so this is never true/,
      'card_count_1h < 0': /a whole number of at least 0, so this is never true/,
      'card_count_1h == 2.5': /never true/,
      'weekend == 2 || amount > 5': /weekend is a whole number from 0 to 1/,
      'time.getHours("Europe/Berlin") >= 24': /from 0 to 23, so this is never true/,
      'time.getHours() in [22, 23, 24]': /from 0 to 23, so it is never 24/,
      'time.getDayOfWeek() == 7': /from 0 to 6/,
      'time.getMonth() == 12': /from 0 to 11/,
      'country.size() < 0': /never true/,
    })
    isSilent(
      'score > 0.2 && score < 1',
      'score * 100 > 65',
      'card_count_1h > 5',
      'weekend == 1',
      'time.getHours() < 6',
      'amount < 0',
    )
  })

  test('tells of comparisons that say the same of every transaction', () => {
    warns({
      '1 < 2 && amount > 5': /says the same of every transaction/,
      '"a" == "b"': /says the same of every transaction/,
      'amount > amount': /Both sides are the same, so this is never true/,
      'country == country': /always true/,
      'has(amount)': /always has a value/,
    })
  })

  test('tells of texts that the detector does not list, and of those that never come', () => {
    warns({
      'channel == "onlin"':
        /"onlin" is not a value that the detector lists of channel: "online", "pos"; did you mean "online"\?/,
      'channel in ["pos", "moto"]': /"moto" is not a value that the detector lists of channel/,
      'country == "de"': /did you mean "DE"/,
      'country == ""': /never empty: .*has\(country\)/,
      'country == "DE "': /without blanks/,
    })
    isSilent('channel == "online"', 'country == "FR"', 'ip_country == "xx"', 'channel in ["pos", "online"]')
  })

  test('tells of a list of other values, and of tokens of other keys', () => {
    warns({
      'card in lists.stolen':
        /The list stolen holds values of device, so card is never on it; did you mean device in lists.stolen\?/,
      'country in lists.stolen': /never on it/,
      'ip_country in lists.odd': /holds values of country/,
      'card == device': /never match/,
    })
    isSilent('device in lists.stolen', 'country in lists.odd')
  })

  test('tells of what is never true together, or always true apart', () => {
    warns({
      'time.getHours("UTC") > 22 && time.getHours("UTC") < 6':
        /^`time.getHours\("UTC"\) > 22` and `time.getHours\("UTC"\) < 6` are never true together; did you mean \|\|\?/,
      'country == "DE" && country == "FR"': /never true together/,
      'amount > 5 && amount < 5': /never true together/,
      '5 < amount && amount <= 5': /never true together/,
      'card_count_1h > 2 && card_count_1h < 3': /never true together/,
      'amount == 5 && amount != 5': /never true together/,
      'has(country) && (country != "DE" || country != "FR")': /one is always true; did you mean &&\?/,
      'amount < 5 || amount >= 3': /one is always true/,
    })
    isSilent(
      'time.getHours() > 22 || time.getHours() < 6',
      'country == "DE" || country == "FR"',
      'has(country) && country != "DE" && country != "FR"',
      'amount >= 5 && amount <= 5',
      'amount > 2 && amount < 3',
      'amount < 3 || amount > 5',
    )
  })

  const operator = fc.constantFrom('==', '!=', '<', '<=', '>', '>=')
  const comparison = fc
    .tuple(fc.constantFrom('score', 'card_count_1h', 'amount', 'weekend'), operator, fc.integer({ min: -2, max: 6 }))
    .map(([name, compare, half]) => `${name} ${compare} ${half / 2}`)
  const condition = fc.oneof(
    comparison,
    fc.tuple(comparison, fc.constantFrom('&&', '||'), comparison).map((parts) => parts.join(' ')),
  )
  const halves = Array.from({ length: 33 }, (_, i) => -8 + i / 2)
  const subjects = (amounts: readonly number[]): readonly Subject[] =>
    amounts.flatMap((amount) =>
      [0, 0.25, 0.5, 0.75, 1].flatMap((score) =>
        [0, 1, 2, 3, 4, 9].flatMap((count) =>
          [0, 1].map((weekend) => ({
            numbers: Float64Array.of(amount, 0, score, count, weekend),
            texts: [],
            lists: [],
          })),
        ),
      ),
    )
  const every = subjects([...halves, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, -1.25])

  test('is right: a condition of which one is told says so of every value', () => {
    fc.assert(
      fc.property(condition, (written) => {
        const compiled = compileExpression(written, declarations)
        assert.ok(compiled.ok)
        const answers = new Set(every.map((subject) => compiled.program.evaluate(subject)))
        const all = compiled.warnings.map(({ message }) => message)
        const told = all.filter((message) => !message.startsWith('Without a value')).join('\n')
        if (/never true together/.test(told)) assert.deepEqual([...answers], [false], written)
        if (/one is always true/.test(told)) assert.deepEqual([...answers], [true], written)
        if (!/&&|\|\|/.test(written)) assert.equal(told !== '', answers.size === 1, written)
      }),
      { numRuns: 2000 },
    )
  })
})
