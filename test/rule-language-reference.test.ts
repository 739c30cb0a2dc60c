import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { readDuration, readTimestamp } from '../src/language/clock.ts'
import { compileExpression, type Declaration, limits, type ScalarType } from '../src/language/index.ts'
import { overloads } from '../src/language/overloads.ts'
import { reservedWords } from '../src/language/syntax.ts'
import { quantifiers } from '../src/language/term.ts'

const reference = readFileSync('docs/reference/rule-language.md', 'utf8')
const tables = reference.split(/\n(?=\| name \| type \| value \|)|\n\n/)

function rowsUnder(header: RegExp): readonly (readonly string[])[] {
  return tables
    .filter((text) => header.test(text))
    .flatMap((text) => text.trim().split('\n').slice(2))
    .map((row) =>
      row
        .replaceAll('\\|', '\u0000')
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\u0000', '|')),
    )
}

/** What is between the outermost backticks. */
function codeOf(cell: string): string {
  return /^(`+)\s?(.*?)\s?\1$/.exec(cell)?.[2] ?? assert.fail(cell)
}

const names = new Map<string, Declaration>()
const lists = new Map<string, number>()
const numbers = new Float64Array(30).fill(Number.NaN)
const texts: (string | undefined)[] = []
const held: Set<string>[] = []
for (const [cell, type, value] of rowsUnder(/^\| name \| type \| value \|/)) {
  const name = codeOf(cell)
  if (type === 'list') {
    lists.set(name.replace('lists.', ''), held.length)
    held.push(new Set([value]))
    continue
  }
  const slot = names.size
  const isAlways = name === 'amount' || name === 'time'
  names.set(name, { type: scalarType(type), slot, always: isAlways })
  if (value === 'missing') continue
  if (type === 'string' || type === 'token') texts[slot] = value
  else numbers[slot] = readValue(type, value)
}

function scalarType(type: string): ScalarType {
  const known = (['bool', 'int', 'double', 'string', 'timestamp', 'duration', 'token'] as const).find(
    (each) => each === type,
  )
  return known ?? assert.fail(type)
}

function readValue(type: string, value: string): number {
  if (type === 'bool') return value === 'true' ? 1 : 0
  return Number(type === 'timestamp' ? readTimestamp(value) : type === 'duration' ? readDuration(value) : value)
}

describe('the reference of the rule language', () => {
  const examples = rowsUnder(/\| is \|\n/).map((cells) => [codeOf(cells.at(-2) ?? ''), cells.at(-1) ?? ''] as const)

  test('says what its examples are', () => {
    assert.ok(examples.length > 45, `${examples.length} examples`)
    for (const [text, answer] of examples) {
      const compiled = compileExpression(text, { names, lists })
      if (!compiled.ok) assert.fail(`${text}: ${compiled.problems[0]?.message}`)
      const result = compiled.program.evaluate({ numbers, texts, lists: held })
      assert.equal(String(result ?? 'unknown'), answer, text)
    }
  })

  test('explains every function, with an example, and no other', () => {
    const explained = new Map<string, string>()
    for (const [cell = '', , example = ''] of rowsUnder(/^\| function \|/)) {
      for (const [, written = ''] of cell.matchAll(/`([^`]+)`/g)) {
        const name = /(?:^|\.)(\w+)\(/.exec(written)?.[1]
        if (name === undefined) continue
        explained.set(name, `${explained.get(name) ?? ''} ${example}`)
      }
    }
    assert.deepEqual(
      [...explained.keys()].sort(),
      [...new Set(['has', ...quantifiers, ...overloads.map(({ name }) => name)])].sort(),
    )
    const shared = ['getHours', 'getMinutes', 'getSeconds']
    for (const [name, example] of explained) {
      if (!shared.includes(name)) assert.match(example, new RegExp(`\\b${name}\\(`))
    }
  })

  test('has the limits and the reserved words', () => {
    const limit = (name: RegExp) => Number(name.exec(reference)?.[1]?.replace(',', ''))
    assert.equal(limit(/\| characters \| ([\d,]+)/), limits.characters)
    assert.equal(limit(/\| levels of nesting \| ([\d,]+)/), limits.depth)
    assert.equal(limit(/calls \| ([\d,]+)/), limits.nodes)
    assert.equal(limit(/may take \| ([\d,]+)/), limits.cost)
    const words = /reserved words: `([^`]+)`/.exec(reference)?.[1]?.split(' ')
    assert.deepEqual(words, [...reservedWords].sort())
  })
})
