import type { Random } from '../../src/core/random.ts'
import type { ScalarType, Subject, Value } from '../../src/language/index.ts'
import { declarations, subjectOf, sundayMs } from './declared.ts'

type Drawn = Exclude<ScalarType, 'token'>

/** Items of comprehensions that are around. */
type Scope = readonly { readonly name: string; readonly type: Drawn }[]

const names: Readonly<Record<Drawn, readonly string[]>> = {
  bool: ['is_guest'],
  int: ['items', 'visits'],
  double: ['amount', 'score', 'card_count_10m', 'card_count_1h', 'ip_count_1h', 'customer_amount_mean_7d'],
  string: ['country', 'ip_country', 'email'],
  timestamp: ['time'],
  duration: ['account_age'],
}
const texts = ['DE', 'FR', 'D', 'anna@example.com', 'ann', '@example.com', '', '7', '2.5', 'true', 'é', 'x y', '\\n']
const patterns = ['^[A-Z]+$', 'a+n', '(a|n)*@', '\\\\.com$', 'x?', '[^a-z]']
const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC']
const times = ['2026-01-04T23:30:15.250Z', '2026-01-05T00:30:00+01:00', '1999-12-31T23:59:59Z', '2028-02-29T12:00:00Z']
const lengths = ['1h', '90m', '1h30m', '0s', '-5m', '250ms', '1.5s', '36h']

/** An expression that can be checked, of names that are declared, as a text. */
export function drawExpression(random: Random, depth: number, type: Drawn = 'bool', scope: Scope = []): string {
  const draw = (wanted: Drawn, around: Scope = scope) => drawExpression(random, depth - 1, wanted, around)
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]
  const shapes: Readonly<Record<Drawn, readonly (() => string)[]>> = {
    bool: [
      ...repeat(4, () => `${grouped(draw('bool'))} && ${grouped(draw('bool'))}`),
      ...repeat(4, () => `${grouped(draw('bool'))} || ${grouped(draw('bool'))}`),
      () => `!${grouped(draw('bool'))}`,
      () => choice(draw, 'bool'),
      ...repeat(8, () => {
        const compared = pick<Drawn>(['int', 'double', 'double', 'string', 'timestamp', 'duration', 'bool'])
        return `${grouped(draw(compared))} ${pick(['==', '!=', '<', '<=', '>', '>='])} ${grouped(draw(compared))}`
      }),
      () => `${grouped(draw('double'))} ${pick(['==', '!=', '<', '>='])} ${grouped(draw('int'))}`,
      () => `${grouped(draw('string'))}.${pick(['startsWith', 'endsWith', 'contains'])}(${draw('string')})`,
      () => `${grouped(draw('string'))}.matches("${pick(patterns)}")`,
      () => {
        const member = pick<Drawn>(['int', 'double', 'string', 'bool'])
        return `${grouped(draw(member))} in [${Array.from({ length: random.integer(4) }, () => draw(member)).join(', ')}]`
      },
      () => `${pick(['device', 'last_device', 'country'])} in lists.blocked`,
      () => 'device == last_device',
      () => drawQuantified(random, depth, scope),
      () => `bool(${draw('string')})`,
    ],
    int: [
      ...repeat(3, () => `${grouped(draw('int'))} ${pick(['+', '-', '*', '/', '%'])} ${grouped(draw('int'))}`),
      () => `-${grouped(draw('int'))}`,
      () => choice(draw, 'int'),
      () => `${grouped(draw('string'))}.size()`,
      () => `size(${draw('string')})`,
      () => `${pick(['int', 'int'])}(${draw(pick<Drawn>(['int', 'double', 'string']))})`,
      () => `${grouped(draw('timestamp'))}.${pick(dateParts)}(${pick(['', `"${pick(zones)}"`])})`,
      () => `${grouped(draw('duration'))}.${pick(['getHours', 'getMinutes', 'getSeconds'])}()`,
    ],
    double: [
      ...repeat(3, () => `${grouped(draw('double'))} ${pick(['+', '-', '*', '/'])} ${grouped(draw('double'))}`),
      () => `${grouped(draw('double'))} ${pick(['+', '-', '*', '/'])} ${grouped(draw('int'))}`,
      () => `${grouped(draw('int'))} ${pick(['*', '/'])} ${grouped(draw('double'))}`,
      () => `-${grouped(draw('double'))}`,
      () => choice(draw, 'double'),
      () => `double(${draw(pick<Drawn>(['int', 'double', 'string']))})`,
    ],
    string: [
      ...repeat(2, () => `${grouped(draw('string'))} + ${grouped(draw('string'))}`),
      () => choice(draw, 'string'),
      () => `string(${draw(pick<Drawn>(['int', 'double', 'string', 'bool']))})`,
    ],
    timestamp: [
      () => `${grouped(draw('timestamp'))} ${pick(['+', '-'])} ${grouped(draw('duration'))}`,
      () => choice(draw, 'timestamp'),
    ],
    duration: [
      () => `${grouped(draw('duration'))} ${pick(['+', '-'])} ${grouped(draw('duration'))}`,
      () => `${grouped(draw('timestamp'))} - ${grouped(draw('timestamp'))}`,
    ],
  }
  return depth === 0 ? drawLeaf(random, type, scope) : pick(shapes[type])()
}

const dateParts = ['getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear'].concat([
  'getHours',
  'getMinutes',
  'getSeconds',
  'getMilliseconds',
])

function repeat<T>(times: number, value: T): readonly T[] {
  return new Array(times).fill(value)
}

function choice(draw: (type: Drawn) => string, type: Drawn): string {
  return `${grouped(draw('bool'))} ? ${grouped(draw(type))} : ${grouped(draw(type))}`
}

function grouped(text: string): string {
  return /^(?:[\w.]+|"[^"]*")$/.test(text) ? text : `(${text})`
}

function drawQuantified(random: Random, depth: number, scope: Scope): string {
  const type = (['int', 'double', 'string'] as const)[random.integer(3)]
  const name = `x${scope.length}`
  const items = Array.from({ length: random.integer(4) }, () => drawExpression(random, 0, type, scope))
  const body = drawExpression(random, depth - 1, 'bool', [{ name, type }, ...scope])
  const quantifier = ['all', 'exists', 'exists_one'][random.integer(3)]
  // Of an empty list the items are ints.
  return `[${items.length === 0 ? literalOf(random, type) : items.join(', ')}].${quantifier}(${name}, ${body})`
}

function drawLeaf(random: Random, type: Drawn, scope: Scope): string {
  const around = [...scope.filter((each) => each.type === type).map(({ name }) => name), ...names[type]]
  if (random.integer(3) > 0) return around[random.integer(around.length)]
  return literalOf(random, type)
}

function literalOf(random: Random, type: Drawn): string {
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]
  switch (type) {
    case 'bool':
      return pick(['true', 'false'])
    case 'int':
      return pick(['0', '1', '2', '7', '24', '1000003', '0x1F', '9007199254740991'])
    case 'double':
      return pick(['0.0', '1.0', '2.5', '9.0', '0.25', '1e3', '100.125'])
    case 'string':
      return `"${pick(texts)}"`
    case 'timestamp':
      return `timestamp("${pick(times)}")`
    case 'duration':
      return `duration("${pick(lengths)}")`
  }
}

/** Values of all names that expressions are drawn of; each is missing as often as is said. */
export function drawValues(random: Random, missing: number): Record<string, Value> {
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]
  const drawn: Record<string, Value> = {
    amount: pick([0, 1, 2.5, 12.5, 100.125]),
    time: sundayMs + random.integer(3) * 40_000_000,
  }
  for (const [name, { type, always }] of declarations.names) {
    if (always === true || random.uniform() < missing) continue
    if (type === 'bool') drawn[name] = random.integer(2) === 1
    else if (type === 'int') drawn[name] = random.integer(9) - 1
    else if (type === 'double') drawn[name] = pick([0, 0.25, 1, 2.5, 9, 24])
    else if (type === 'duration') drawn[name] = pick([0, 90, 36 * 60]) * 60_000
    else drawn[name] = pick(['DE', 'FR', 'd1', 'd2', 'anna@example.com', '', '7'])
  }
  return drawn
}

export function drawnSubject(random: Random, missing: number): Subject {
  return subjectOf(drawValues(random, missing))
}
