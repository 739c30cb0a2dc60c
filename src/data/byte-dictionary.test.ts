import assert from 'node:assert/strict'
import { freemem } from 'node:os'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteDictionary, notUtf8 } from './byte-dictionary.ts'

test('numbers texts by first appearance, as a Map would', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((value) => value.isWellFormed())
  fc.assert(
    fc.property(fc.array(text, { maxLength: 300 }), (texts) => {
      const dictionary = new ByteDictionary()
      const expected = new Map<string, number>()
      for (const each of texts) {
        if (!expected.has(each)) expected.set(each, expected.size)
        assert.equal(dictionary.codeOfText(each), expected.get(each))
      }
      assert.deepEqual(dictionary.texts, [...expected.keys()])
    }),
  )
})

test('keeps fifty thousand texts apart', () => {
  const dictionary = new ByteDictionary()
  for (let number = 0; number < 50_000; number++) assert.equal(dictionary.codeOfText(`customer-${number}`), number)
  for (let number = 0; number < 50_000; number++) assert.equal(dictionary.codeOfText(`customer-${number}`), number)
})

test('refuses bytes that are no UTF-8 and stays as it was', () => {
  const dictionary = new ByteDictionary()
  assert.equal(dictionary.codeOf(Uint8Array.of(0x63, 0x61, 0x66, 0xe9), 0, 4), notUtf8)
  assert.deepEqual(dictionary.texts, [])
  assert.equal(dictionary.codeOfText('café'), 0)
})

const needed = 8 * 2 ** 30
const isLarge = process.env.SHRIKE_LARGE !== undefined && freemem() > needed

test('keeps texts of more than 2 GiB in all', { skip: !isLarge && 'needs 8 GiB of memory, and SHRIKE_LARGE' }, () => {
  const dictionary = new ByteDictionary()
  const count = Math.ceil(2 ** 31 / 600) + 1000
  const bytes = Buffer.alloc(600, 'x')
  for (let i = 0; i < count; i++) {
    bytes.write(String(i).padStart(10, '0'))
    assert.equal(dictionary.codeOf(bytes, 0, 600), i)
  }
  for (let i = count - 2000; i < count; i++)
    assert.equal(dictionary.texts[i], `${String(i).padStart(10, '0')}${'x'.repeat(590)}`)
  bytes.write(String(count - 1).padStart(10, '0'))
  assert.equal(dictionary.codeOf(bytes, 0, 600), count - 1)
})
