import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom } from './random.ts'

describe('seeded random numbers', () => {
  test('repeat for the same seed, as 32-bit whole numbers', () => {
    const random = createRandom(7)
    const again = createRandom(7)
    const drawn = Array.from({ length: 5 }, () => random.uint32())
    assert.deepEqual(
      Array.from({ length: 5 }, () => again.uint32()),
      drawn,
    )
    assert.ok(drawn.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32))
  })

  test('differ by seed and by stream, large seeds included', () => {
    const firsts = [createRandom(1), createRandom(2), createRandom(1, 1), createRandom(1 + 2 ** 40), createRandom(0)]
    assert.equal(new Set(firsts.map((random) => random.uint32())).size, firsts.length)
  })

  test('are uniform: mean, variance and every tenth as likely', () => {
    const random = createRandom(3)
    const tenths = new Array(10).fill(0)
    let sum = 0
    let squares = 0
    const draws = 100_000
    for (let i = 0; i < draws; i++) {
      const value = random.uniform()
      tenths[Math.floor(value * 10)]++
      sum += value
      squares += value * value
    }
    assert.ok(Math.abs(sum / draws - 0.5) < 0.004)
    assert.ok(Math.abs(squares / draws - 1 / 3) < 0.004)
    for (const count of tenths) assert.ok(Math.abs(count - draws / 10) < 400, `${count}`)
  })

  test('whole numbers keep below the bound and favour none', () => {
    const random = createRandom(4)
    for (const bound of [1, 2, 3, 7, 1000, 2 ** 21, 2 ** 31 + 5]) {
      for (let i = 0; i < 200; i++) {
        const value = random.integer(bound)
        assert.ok(Number.isInteger(value) && value >= 0 && value < bound)
      }
    }
    const counts = new Array(7).fill(0)
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]++
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 400)
  })

  test('a tally draws as often as asked, each index as likely, and goes on from where the generator stood', () => {
    const counts = new Uint16Array(100)
    const random = createRandom(5)
    random.tally(counts, 100_000)
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      100_000,
    )
    for (const count of counts) assert.ok(Math.abs(count - 1000) < 160, `${count}`)
    const stepped = createRandom(5)
    for (let i = 0; i < 100_000; i++) stepped.uint32()
    assert.equal(random.uint32(), stepped.uint32())
  })

  test('a tally of integers draws the very same, those that are redone included', () => {
    // Past 2^21 integers are drawn otherwise; just above 2^20 many draws are redone.
    for (const bound of [1, 3, 1000, 2 ** 20 + 1, 1_999_999, 2 ** 21 + 1]) {
      const [random, other] = [createRandom(9), createRandom(9)]
      const counts = new Uint32Array(bound)
      random.tallyIntegers(counts, 50_000)
      for (let i = 0; i < 50_000; i++) counts[other.integer(bound)]--
      assert.ok(counts.every((count) => count === 0))
      assert.equal(random.uint32(), other.uint32())
    }
  })

  test('normal numbers have mean 0 and variance 1', () => {
    const random = createRandom(6)
    const values = Array.from({ length: 100_000 }, () => random.normal())
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    assert.ok(Math.abs(mean) < 0.015 && Math.abs(variance - 1) < 0.02)
  })
})
