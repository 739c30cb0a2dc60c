import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readPlainObject } from './plain-object.ts'
import { repeatedNames } from './repeated-names.ts'

const read = (text: string, mostNames = 16) => readPlainObject(Buffer.from(text), text, mostNames)

const plainText = fc.stringMatching(/^[ !#-[\]-~]{0,20}$/)
const plainNumber = fc.oneof(
  fc.integer().map(String),
  fc.stringMatching(/^-?(0|[1-9]\d{0,7})\.\d{1,7}$/),
  fc.constantFrom('-0', '0', '-0.0', '999999999999999', '0.00000000000001'),
)
const plainObject = fc
  .uniqueArray(
    fc.tuple(
      plainText,
      fc.oneof(
        plainText.map((text) => `"${text}"`),
        plainNumber,
      ),
    ),
    {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 16,
    },
  )
  .map((members) => members.map(([name, value]) => `"${name}":${value}`))

/** Texts that are nearly plain: members twice, characters in between or in place of others. */
const nearlyPlain = fc
  .tuple(
    plainObject,
    fc.nat(),
    fc.nat(2),
    fc.constantFrom('"', '\\', ',', ':', '.', '-', '0', '5', 'e', '{', '[', ' ', '\n', 'é', '\0', '\x7f', 'null'),
  )
  .map(([members, place, cut, more]) => {
    const text = `{${[...members, ...(place % 5 === 0 ? members.slice(0, 1) : [])].join(',')}}`
    const at = place % (text.length + 1)
    return text.slice(0, at) + more + text.slice(at + cut)
  })

describe('readPlainObject', () => {
  test('reads plain objects as JSON.parse does, to the bit and in the order of their names', () => {
    fc.assert(
      fc.property(plainObject, (members) => {
        fc.pre(!members.some((member) => member.startsWith('"__proto__"')))
        const text = `{${members.join(',')}}`
        const found = read(text)
        assert.deepStrictEqual(found, JSON.parse(text))
        assert.deepEqual(Object.keys(found ?? {}), Object.keys(JSON.parse(text)))
      }),
    )
  })

  test('leaves to JSON.parse whatever it would not read in the same way', () => {
    fc.assert(
      fc.property(nearlyPlain, (text) => {
        const found = read(text)
        if (found === undefined) return
        const value: unknown = JSON.parse(text)
        assert.deepStrictEqual(found, value)
        assert.equal(repeatedNames(text, value), undefined)
      }),
      { numRuns: 1000 },
    )
  })

  test('leaves alone what is not plain', () => {
    const others = [
      '{}',
      '[1]',
      '{"a":01}',
      '{"a":1e3}',
      '{"a":1.}',
      '{"a":-}',
      '{"a":1234567890123456}',
      '{"a":"\\n"}',
    ]
    const more = [
      '{"a":{}}',
      '{"a":null}',
      '{"a":1,"a":1}',
      '{"__proto__":1}',
      '{"a":1}x',
      '{"a":1',
      '{"a" :1}',
      '{"a":"é"}',
    ]
    for (const text of [...others, ...more, '{"a":"\t"}', '{"a":1,}', '']) assert.equal(read(text), undefined, text)
  })

  test('leaves more names than there may be', () => {
    assert.deepEqual(read('{"a":1,"b":2}', 2), { a: 1, b: 2 })
    assert.equal(read('{"a":1,"b":2}', 1), undefined)
  })
})
