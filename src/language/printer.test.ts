import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { holdsCardNumber } from '../core/card-number.ts'
import { limits, printSyntax } from './index.ts'
import { parseSyntax } from './parser.ts'
import { type BinaryOperator, comparisons, type Literal, products, type Syntax, sums } from './syntax.ts'

const nowhere = { start: 0, end: 0 }

const name = fc.oneof(
  fc.constantFrom('amount', 'card_count_1h', 'in', 'true', 'while', '__proto__', 'merchant name', 'a.b', 'é', '1st'),
  fc.string({ minLength: 1, maxLength: 5 }).filter((text) => !/[`\n]/.test(text)),
)
const literal: fc.Arbitrary<Literal> = fc
  .oneof(
    fc.boolean().map((value): Literal => ({ type: 'bool', value })),
    fc.maxSafeInteger().map((value): Literal => ({ type: 'int', value })),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value): Literal => ({ type: 'double', value })),
    fc.string({ unit: 'binary', maxLength: 8 }).map((value): Literal => ({ type: 'string', value })),
  )
  .filter(({ value }) => !holdsCardNumber(String(value)))
const operator = fc.constantFrom<BinaryOperator>(...comparisons, ...sums, ...products, 'in')

const { tree } = fc.letrec<{ tree: Syntax }>((tie) => {
  const node = tie('tree')
  const several = fc.array(node, { minLength: 2, maxLength: 3 })
  return {
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      literal.map((value): Syntax => ({ kind: 'literal', literal: value, ...nowhere })),
      name.map((value): Syntax => ({ kind: 'name', name: value, ...nowhere })),
      fc.record({ kind: fc.constant('select' as const), operand: node, field: name }).map(place),
      fc.record({ kind: fc.constantFrom('not' as const, 'negate' as const), operand: node }).map(place),
      fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), operands: several }).map(place),
      fc.record({ kind: fc.constant('binary' as const), operator, left: node, right: node }).map(place),
      fc.record({ kind: fc.constant('list' as const), items: fc.array(node, { maxLength: 3 }) }).map(place),
      fc.record({ kind: fc.constant('choice' as const), condition: node, whenTrue: node, whenFalse: node }).map(place),
      fc
        .tuple(fc.option(node, { nil: undefined }), name, fc.array(node, { maxLength: 2 }))
        .map(([receiver, called, args]): Syntax => {
          return { kind: 'call', receiver, name: called, nameSpan: nowhere, args, ...nowhere }
        }),
    ),
  }
})

function place<T>(node: T) {
  return { ...node, ...nowhere }
}

/** Without places, and with -0 told from 0. */
function shapeOf(node: Syntax): string {
  return JSON.stringify(node, (key, value) => {
    if (key === 'start' || key === 'end' || key === 'nameSpan') return undefined
    return Object.is(value, -0) ? '-0' : value
  })
}

describe('a printed tree', () => {
  test('is read as the same tree', () => {
    fc.assert(
      fc.property(tree, (node) => {
        const printed = printSyntax(node)
        fc.pre(printed.length <= limits.characters)
        assert.equal(shapeOf(parseSyntax(printed)), shapeOf(node), printed)
      }),
      { numRuns: 2000 },
    )
  })

  test('has the parentheses that it needs, and no more', () => {
    const same = [
      'a && (b || c) && !(d > 1)',
      'a && b || c && d',
      '(a && b) && c',
      '(a == b) <= c',
      'a - (b - c) - d * (e + 1)',
      '(a ? b : c) ? d : e ? f : g',
      '-(5) + -5 - --a - -(5.size())',
      '!a.b.`c d`.matches(r)',
      '"tab\\t\\"quoted\\" \\\\ \\u200b \\U000e0001 🦊"',
      '[1, 2.0, 1e+300, -0.0].all(x, x in [])',
    ]
    for (const text of same) assert.equal(printSyntax(parseSyntax(text)), text)
    const untidy = "((a)) &&( b|| ((c)))&& ('it\\'s').size( )==0x10 // why"
    assert.equal(printSyntax(parseSyntax(untidy)), 'a && (b || c) && "it\'s".size() == 16')
  })
})
