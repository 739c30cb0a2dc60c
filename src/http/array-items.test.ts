import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { FraudError } from '../core/errors.ts'
import { checkBeginning, cutItems, readItems } from './array-items.ts'
import { Turns } from './turns.ts'

const limits = { items: 50, itemBytes: 1000, names: 100 }
const read = (text: string) => readItems(Buffer.from(text), limits, new Turns(), () => true)
const codeOf = async (text: string) => {
  try {
    await read(text)
  } catch (error) {
    return error instanceof FraudError ? error.code : error
  }
}

describe('readItems', () => {
  const blank = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
  const item = fc.json({ maxDepth: 3 }).filter((text) => text.length < 900)

  test('gives the items that JSON.parse gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(blank, item, blank), { maxLength: 8 }), blank, async (parts, outer) => {
        const text = `${outer}[${parts.map((part) => part.join('')).join(',')}${parts.length === 0 ? outer : ''}]${outer}`
        assert.deepEqual(
          (await read(text)).map(({ value }) => value),
          JSON.parse(text),
        )
      }),
    )
  })

  test('refuses what JSON.parse refuses, and what is not an array', async () => {
    const unit = fc.constantFrom('[', ']', '{', '}', ',', '"', ':', '1', 'a', '\\', ' ')
    await fc.assert(
      fc.asyncProperty(fc.array(unit, { maxLength: 12 }), async (units) => {
        const text = units.join('')
        let value: unknown
        try {
          value = JSON.parse(text)
        } catch {
          value = undefined
        }
        const expected = Array.isArray(value) ? undefined : value === undefined ? /_INVALID$/ : /^INPUT_INVALID$/
        const code = await codeOf(text)
        if (expected === undefined) assert.equal(code, undefined, text)
        else assert.match(String(code), expected, text)
      }),
      { numRuns: 2000 },
    )
  })

  test('tells which names an item gives twice', async () => {
    const items = await read('[{"a":1,"a":2},{"a":1},{"b":{"a":1,"a":2}}]')
    assert.deepEqual(
      items.map(({ repeated }) => repeated),
      [new Set(['a']), undefined, new Set(['b.a'])],
    )
  })

  test('refuses one item too many, one too long, one too deep, and one with too many names', async () => {
    assert.equal(await codeOf(`[${Array(50).fill('1').join()}]`), undefined)
    assert.equal(await codeOf(`[${Array(51).fill('1').join()}]`), 'BODY_TOO_LARGE')
    assert.equal(await codeOf(`[1,"${'x'.repeat(998)}"]`), undefined)
    assert.equal(await codeOf(`[1,"${'x'.repeat(999)}"]`), 'BODY_TOO_LARGE')
    assert.equal(await codeOf(`[${' '.repeat(2000)}1]`), 'BODY_TOO_LARGE')
    assert.equal(await codeOf(`[${'['.repeat(9)}${']'.repeat(9)}]`), 'BODY_INVALID')
    assert.equal(await codeOf(`[{${Array.from({ length: 101 }, (_, i) => `"${i}":1`).join()}}]`), 'BODY_TOO_LARGE')
  })

  test('reads none of the rest once nobody waits for it', async () => {
    const items = await readItems(Buffer.from('[1,2,3]'), limits, new Turns(), () => false)
    assert.deepEqual(items, [])
  })
})

test('the beginning of an array is refused where the whole would be, and never where it would not', () => {
  const begins = (text: string) => () => checkBeginning(Buffer.from(text), limits)
  assert.throws(begins(`[1,${'['.repeat(20)}`), { code: 'BODY_INVALID' })
  assert.throws(begins(`[1,"${'x'.repeat(1500)}`), { code: 'BODY_TOO_LARGE' })
  assert.throws(begins(`{"a":"${'x'.repeat(1500)}`), { code: 'INPUT_INVALID' })
  assert.throws(begins(`[${'1,'.repeat(51)}`), { code: 'BODY_TOO_LARGE' })
  const whole = JSON.stringify([1, { a: ['x', { b: '[{\\"' }] }, 'é,"', [[]], null])
  for (let length = 1; length <= whole.length; length += 1) begins(whole.slice(0, length))()
})

test('an array is cut without looking at more than an item at a time', () => {
  const cut = cutItems(Buffer.from(`[1,2,${'['.repeat(100_000)}`), limits)
  assert.deepEqual([cut.next().value?.toString(), cut.next().value?.toString()], ['1', '2'])
  assert.throws(() => cut.next(), { code: 'BODY_INVALID' })
})
