import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { hashText } from './hash-text.ts'

describe('the hash of a text', () => {
  test('is what it always was, since snapshots and replays rely on it', () => {
    assert.equal(hashText(''), 8087198247825166)
    assert.equal(hashText('a'), 1099044592888899)
    assert.equal(hashText('b'), 366509420500602)
    assert.equal(hashText('EUR'), 7902919075336250)
    assert.equal(hashText('c-1'), 530310683526512)
    assert.equal(hashText('Zürich'), 4152636058093545)
    assert.equal(hashText('\u{1f600}'), 2664585740947556)
  })

  test('is a whole number of at most 53 bits', () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const hash = hashText(text)
      assert.ok(Number.isSafeInteger(hash) && hash >= 0 && !Object.is(hash, -0))
      assert.equal(hashText(`${text}`), hash)
    })
    fc.assert(property)
  })

  test('differs among texts that differ little, a million of them by night', () => {
    const texts = new Set<string>()
    for (let i = 0; i < examples(50_000); i++) texts.add(String(i))
    for (let i = 0; i < examples(30_000); i++) texts.add(`card-${i.toString(36).padStart(8, '0')}`)
    for (let i = 0; i < 65_536; i++) texts.add(`${String.fromCharCode(i)}é`)
    for (let i = 0; i < examples(15_000); i++)
      texts.add('\0'.repeat(i % 300) + String.fromCharCode(Math.floor(i / 300) + 1))
    assert.ok(texts.size > examples(100_000))
    assert.equal(new Set([...texts].map(hashText)).size, texts.size)
  })

  test('spreads over all of its bits', () => {
    const count = 20_000
    const ones = new Uint32Array(53)
    for (let i = 0; i < count; i++) {
      const hash = BigInt(hashText(`m-${i}`))
      for (let bit = 0; bit < 53; bit++) ones[bit] += Number((hash >> BigInt(bit)) & 1n)
    }
    // Five standard deviations of a fair coin.
    const far = 5 * Math.sqrt(count / 4)
    for (const [bit, seen] of ones.entries())
      assert.ok(Math.abs(seen - count / 2) < far, `bit ${bit} is set ${seen} times`)
  })

  test('changes about half of its bits with each letter', () => {
    let changed = 0
    let pairs = 0
    for (let i = 0; i < 2000; i++) {
      const text = `terminal-${i}`
      for (let at = 0; at < text.length; at++) {
        const other = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1)
        const difference = BigInt(hashText(text)) ^ BigInt(hashText(other))
        changed += difference.toString(2).replaceAll('0', '').length
        pairs++
      }
    }
    assert.ok(Math.abs(changed / pairs - 26.5) < 0.5, `${changed / pairs} of 53`)
  })
})
