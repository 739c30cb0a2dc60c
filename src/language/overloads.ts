import {
  calendarParts,
  calendarRanges,
  lengthParts,
  readDuration,
  readTimestamp,
  readZone,
  validDuration,
  validTimestamp,
  writeDuration,
  writeTimestamp,
} from './clock.ts'
import type { NumberRange } from './declarations.ts'
import { compilePattern } from './pattern.ts'
import {
  type BoolTerm,
  isBoolTerm,
  isNumberTerm,
  isTextTerm,
  type NumberTerm,
  type NumberType,
  type Term,
  type TextTerm,
} from './term.ts'
import type { ScalarType } from './types.ts'

/** A function for values of these types; the receiver, `device` in `device.size()`, is the first of them. */
export interface Overload {
  readonly name: string
  readonly isMethod: boolean
  readonly takes: readonly ScalarType[]
  readonly gives: ScalarType
  /** `refuse` tells what is wrong with one of the values. */
  build(values: Values, refuse: (index: number, message: string) => undefined): Term | undefined
}

/** What a function is given; the types were compared with `takes` before. */
export interface Values {
  number(index: number): NumberTerm
  text(index: number): TextTerm
  bool(index: number): BoolTerm
  /** The text that was written in place of a value; undefined where it was anything else. */
  constant(index: number): string | undefined
}

export function valuesOf(terms: readonly Term[]): Values {
  const pick = <T extends Term>(index: number, isIt: (term: Term) => term is T): T => {
    const term = terms[index]
    if (term !== undefined && isIt(term)) return term
    throw new Error(`Value ${index} of a function is a ${term?.type}`)
  }
  return {
    number: (index) => pick(index, isNumberTerm),
    text: (index) => pick(index, isTextTerm),
    bool: (index) => pick(index, isBoolTerm),
    constant: (index) => {
      const term = terms[index]
      return term?.kind === 'constant' && isTextTerm(term) ? term.value : undefined
    },
  }
}

const text = (
  name: string,
  isMethod: boolean,
  gives: NumberType,
  apply: (text: string) => number,
  range?: NumberRange,
): Overload => ({
  name,
  isMethod,
  takes: ['string'],
  gives,
  build: (values) => ({ type: gives, kind: 'ofText', operand: values.text(0), apply, ...(range && { range }) }),
})

const number = (takes: NumberType, name: string, gives: NumberType, apply: (value: number) => number): Overload => ({
  name,
  isMethod: false,
  takes: [takes],
  gives,
  build: (values) => ({ type: gives, kind: 'ofNumber', operand: values.number(0), apply }),
})

const written = (takes: NumberType, apply: (value: number) => string): Overload => ({
  name: 'string',
  isMethod: false,
  takes: [takes],
  gives: 'string',
  build: (values) => ({ type: 'string', kind: 'ofNumber', operand: values.number(0), apply }),
})

const test = (name: string, check: (text: string, part: string) => boolean): Overload => ({
  name,
  isMethod: true,
  takes: ['string', 'string'],
  gives: 'bool',
  build: (values) => ({ type: 'bool', kind: 'testTexts', left: values.text(0), right: values.text(1), test: check }),
})

const pattern = (isMethod: boolean): Overload => ({
  name: 'matches',
  isMethod,
  takes: ['string', 'string'],
  gives: 'bool',
  build: (values, refuse) => {
    const wanted = values.constant(1)
    if (wanted === undefined)
      return refuse(1, 'A pattern is written as a text in the rule, since it is checked with it')
    const compiled = compilePattern(wanted)
    if (typeof compiled === 'string') return refuse(1, compiled)
    return { type: 'bool', kind: 'matches', operand: values.text(0), pattern: compiled }
  },
})

const constantTime = (name: 'timestamp' | 'duration', read: (text: string) => number | string): Overload => ({
  name,
  isMethod: false,
  takes: ['string'],
  gives: name,
  build: (values, refuse) => {
    const wanted = values.constant(0)
    if (wanted === undefined)
      return refuse(0, `A ${name} is written as a text in the rule, since it is checked with it`)
    const value = read(wanted)
    return typeof value === 'string' ? refuse(0, value) : { type: name, kind: 'constant', value }
  },
})

const calendarPart = (
  name: string,
  part: (localMs: number) => number,
  range: NumberRange | undefined,
): readonly Overload[] => [
  {
    name,
    isMethod: true,
    takes: ['timestamp'],
    gives: 'int',
    build: (values) => ({
      type: 'int',
      kind: 'ofNumber',
      operand: values.number(0),
      apply: part,
      called: name,
      ...(range && { range }),
    }),
  },
  {
    name,
    isMethod: true,
    takes: ['timestamp', 'string'],
    gives: 'int',
    build: (values, refuse) => {
      const wanted = values.constant(1)
      if (wanted === undefined) return refuse(1, 'A zone is written as a text in the rule, since it is checked with it')
      const offsetAt = readZone(wanted)
      if (typeof offsetAt === 'string') return refuse(1, offsetAt)
      // A missing time would be looked up in the zone.
      const apply = (timestampMs: number) =>
        Number.isNaN(timestampMs) ? timestampMs : part(timestampMs + offsetAt(timestampMs))
      const called = `${name} ${wanted}`
      return { type: 'int', kind: 'ofNumber', operand: values.number(0), apply, called, ...(range && { range }) }
    },
  },
]

const lengthPart = (name: string, part: (lengthMs: number) => number): Overload => ({
  ...number('duration', name, 'int', part),
  isMethod: true,
})

const same = (type: 'bool' | 'string'): Overload => ({
  name: type,
  isMethod: false,
  takes: [type],
  gives: type,
  build: (values) => (type === 'bool' ? values.bool(0) : values.text(0)),
})

const lengths: NumberRange = { least: 0, most: Number.POSITIVE_INFINITY, isWhole: true }

/** Every function but has, all, exists and exists_one, which are given names and expressions in place of values. */
export const overloads: readonly Overload[] = [
  text('size', false, 'int', countCharacters, lengths),
  text('size', true, 'int', countCharacters, lengths),
  test('startsWith', (whole, part) => whole.startsWith(part)),
  test('endsWith', (whole, part) => whole.endsWith(part)),
  test('contains', (whole, part) => whole.includes(part)),
  pattern(true),
  pattern(false),
  ...Object.entries(calendarParts).flatMap(([name, part]) => calendarPart(name, part, calendarRanges[name])),
  ...Object.entries(lengthParts).map(([name, part]) => lengthPart(name, part)),
  constantTime('timestamp', readTimestamp),
  number('int', 'timestamp', 'timestamp', (seconds) => validTimestamp(seconds * 1000)),
  number('timestamp', 'timestamp', 'timestamp', (value) => value),
  constantTime('duration', readDuration),
  number('duration', 'duration', 'duration', validDuration),
  number('int', 'int', 'int', (value) => value),
  number('double', 'int', 'int', toInt),
  number('timestamp', 'int', 'int', (valueMs) => Math.floor(valueMs / 1000)),
  text('int', false, 'int', (whole) => (/^[+-]?\d+$/.test(whole) ? toInt(Number(whole)) : Number.NaN)),
  number('int', 'double', 'double', (value) => value),
  number('double', 'double', 'double', (value) => value),
  text('double', false, 'double', readDouble),
  written('int', String),
  written('double', String),
  written('timestamp', writeTimestamp),
  written('duration', writeDuration),
  {
    name: 'string',
    isMethod: false,
    takes: ['bool'],
    gives: 'string',
    build: (values) => ({ type: 'string', kind: 'ofBool', operand: values.bool(0), apply: String }),
  },
  same('string'),
  same('bool'),
  {
    name: 'bool',
    isMethod: false,
    takes: ['string'],
    gives: 'bool',
    build: (values) => ({ type: 'bool', kind: 'ofText', operand: values.text(0), apply: readBool }),
  },
]

function countCharacters(whole: string): number {
  let count = whole.length
  // The second half of a surrogate pair is part of the character before it.
  for (let i = 0; i < whole.length; i++) if ((whole.charCodeAt(i) & 0xfc00) === 0xdc00) count--
  return count
}

function toInt(value: number): number {
  const whole = Math.trunc(value) + 0
  return Number.isSafeInteger(whole) ? whole : Number.NaN
}

function readDouble(whole: string): number {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(whole) ? Number(whole) : Number.NaN
}

/** The spellings that CEL reads. */
function readBool(whole: string): boolean | undefined {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(whole)) return true
  return /^(?:0|f|F|false|FALSE|False)$/.test(whole) ? false : undefined
}
