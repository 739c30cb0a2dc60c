import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { declarations, everyValue, subjectOf } from '../../test/language/declared.ts'
import { compileExpression, compileTemplate, limits, type Problem } from './index.ts'

function refusal(text: string): Problem {
  const compiled = compileExpression(text, declarations)
  assert.ok(!compiled.ok, text.slice(0, 100))
  const [problem] = compiled.problems
  assert.ok(problem.message.length < 500 && problem.line >= 1 && problem.column >= 1 && problem.start <= text.length)
  return problem
}

const nested = (open: string, inner: string, close: string, times: number) =>
  open.repeat(times) + inner + close.repeat(times)

describe('a hostile text', () => {
  test('is refused by its length before anything else', () => {
    for (const text of ['('.repeat(10_000), '!'.repeat(1e6), nested('[', '1', ']', 10_000), '"'.padEnd(1e6, 'x')]) {
      const problem = refusal(text)
      assert.match(problem.message, /characters/)
      assert.equal(problem.column, limits.characters + 1)
    }
  })

  test('is refused where it is nested too deep, in each of the ways', () => {
    const deep = [
      nested('(', 'true', ')', 2000),
      nested('[', '1', ']', 2000),
      nested('size(', '"a"', ')', 500),
      nested('[1].all(x, ', 'true', ')', 100),
      '!'.repeat(4000),
      '-'.repeat(4000),
      `${'true ? true : '.repeat(100)}true`,
      '('.repeat(4000),
    ]
    for (const text of deep) {
      const problem = refusal(text)
      assert.match(problem.message, /32 levels deep/, text.slice(0, 40))
    }
    const atLimit = nested('(', 'is_guest', ')', limits.depth)
    assert.ok(compileExpression(atLimit, declarations).ok)
    assert.match(refusal(`(${atLimit})`).message, /32 levels/)
  })

  test('is refused where it has too many parts, or may take too long', () => {
    const parts = (count: number) => Array.from({ length: count }, () => 'is_guest').join(' || ')
    assert.ok(compileExpression(parts(limits.nodes - 1), declarations).ok === false)
    assert.match(refusal(`${'1+'.repeat(300)}1 > 0`).message, /parts/)
    const list = `[${Array.from({ length: 10 }, (_, i) => i).join(',')}]`
    const cubed = `${list}.all(x, ${list}.all(y, ${list}.all(z, x + y + z > -1)))`
    assert.match(refusal(cubed).message, /^The expression may take \d+ steps; at most 2000 are allowed$/)
    const matching = Array.from({ length: 110 }, () => 'email.matches("a")').join('||')
    assert.match(refusal(matching).message, /steps/)
  })

  test('does not take long, whatever its pattern', () => {
    const bombs = ['(a+)+$', '(a|aa)+$', '(a*)*b', '(.*)(.*)(.*)(.*)[^a]', '(x+x+)+y', '((a{10}){10}){10}']
    const subject = subjectOf({ email: `${'a'.repeat(4000)}!` })
    for (const bomb of bombs) {
      const compiled = compileExpression(`email.matches("${bomb}")`, declarations)
      if (compiled.ok) assert.notEqual(compiled.program.evaluate(subject), undefined, bomb)
    }
    assert.match(refusal(`email.matches("${'a'.repeat(201)}")`).message, /201 characters; at most 200/)
    for (const repeated of [
      'a{101}',
      '((a{10}){10}){10}',
      '(a?){1000}',
      '(((a{10}){10}){10}){10}',
      '[^]a]{1,101}',
      'a{99}{99}',
    ]) {
      assert.match(
        refusal(`email.matches("${repeated}")`).message,
        /^The pattern is about \d+ characters long/,
        repeated,
      )
    }
    const many = Array.from({ length: 90 }, () => 'email.matches("[ab]*a[ab]{14}[cd]")').join('||')
    assert.match(refusal(many).message, /steps/)
    assert.match(refusal('email.matches("(?<=a)b")').message, /pattern/)
    assert.match(refusal(String.raw`email.matches("(a)\\1")`).message, /pattern/)
  })

  test('has hints for a few names, since each is compared with all that there are', () => {
    const names = new Map(
      Array.from({ length: 500 }, (_, slot) => [`card_count_${slot}d`, { type: 'double', slot }] as const),
    )
    const text = Array.from({ length: 120 }, (_, i) => `card_cuont_${i}d > 1`).join(' || ')
    const compiled = compileExpression(text, { names, lists: new Map() })
    assert.ok(!compiled.ok && compiled.problems.length === 120)
    const hinted = compiled.problems.filter(({ message }) => message.includes('did you mean'))
    assert.equal(hinted.length, 3)
  })

  test('is refused where it holds a card number, and is not repeated', () => {
    const [card, escaped] = ['4111111111111111', '\\x34111 1111 1111 1111']
    const texts = [`country == "${card}"`, `country == "${escaped}"`, `amount > ${card}`, `amount > 1 // ${card}\n`]
    for (const text of [
      ...texts,
      `\`${card}\` > 1`,
      `amount > ${card}x`,
      `email.matches("(${card}")`,
      `x${card} > 1`,
    ]) {
      const problem = refusal(text)
      assert.doesNotMatch(problem.message, /4111/, text)
    }
    for (const text of texts) assert.match(refusal(text).message, /card number/)
    assert.ok(compileExpression('country in ["4111","1111","1111","1111"]', declarations).ok)
    const template = compileTemplate(`{country} of ${card}`, declarations)
    assert.ok(!template.ok && /card number/.test(template.problems[0].message))
  })

  test('finds nothing of the language’s own objects', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'valueOf']
    for (const name of names) {
      assert.match(refusal(`${name} == 1`).message, /unknown/)
      assert.match(refusal(`has(${name})`).message, /unknown/)
      assert.match(refusal(`amount.${name}() == 1`).message, /unknown/)
      assert.match(refusal(`${name}(amount)`).message, /unknown/)
      assert.match(refusal(`amount.${name} > 1`).message, /unknown/)
      assert.match(refusal(`device in lists.${name}`).message, /unknown/)
      assert.ok(!compileTemplate(`{${name}}`, declarations).ok)
    }
    assert.ok(!compileExpression('"\\ud800" == country', declarations).ok)
    assert.ok(!compileExpression('country == "\ud800"', declarations).ok)
    assert.ok(!compileExpression('amount > 1\u0000', declarations).ok)
  })

  test('of any characters is refused or runs', () => {
    const pieces = [
      '(',
      ')',
      '[',
      ']',
      '"',
      "'",
      '\\',
      '`',
      '!',
      '-',
      '.',
      ',',
      '?',
      ':',
      '&&',
      '||',
      ' in ',
      'x',
      'amount',
    ].concat([
      '1',
      '0x',
      '1e',
      '.5',
      'r"',
      'b"',
      '"""',
      '//',
      '\n',
      '==',
      '<',
      '%',
      'lists.',
      'size(',
      'é',
      '🦊',
      '\u202e',
    ])
    let state = 1
    const next = (bound: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return (state >> 8) % bound
    }
    for (let i = 0; i < 20_000; i++) {
      const text = Array.from({ length: 1 + next(12) }, () => pieces[next(pieces.length)]).join('')
      const compiled = compileExpression(text, declarations)
      if (compiled.ok) assert.ok([true, false, undefined].includes(compiled.program.evaluate(everyValue)), text)
      else assert.ok(compiled.problems.length > 0, text)
    }
  })
})

test('the language runs where there is neither Node nor eval', () => {
  const loaded = new Set(['src/language/index.ts'])
  for (const path of loaded) {
    const source = readFileSync(path, 'utf8')
    assert.doesNotMatch(source, /\beval\(|new Function\(|\bprocess\.|\bBuffer\b/, path)
    for (const [, specifier = ''] of source.matchAll(/from '([^']+)'/g)) {
      if (specifier.startsWith('.')) loaded.add(join(dirname(path), specifier))
      else assert.equal(specifier, 're2js', `${path} imports ${specifier}`)
    }
  }
  assert.ok(loaded.size > 25, `${loaded.size} files`)
  const pattern = readFileSync('node_modules/re2js/build/index.js', 'utf8')
  assert.doesNotMatch(pattern, /\bFunction\(|from ['"]|require\(/)
})
