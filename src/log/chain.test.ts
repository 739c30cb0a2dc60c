import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createLink, firstLink } from './chain.ts'

describe('the chain of hashes', () => {
  const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 6000 }), { minLength: 2, maxLength: 8 })
  const keys = fc.constantFrom(undefined, 'a key', 'another')
  const hashes = (all: readonly Uint8Array[], key: string | undefined) => {
    const link = createLink(key)
    let before = firstLink
    return all.map((frame) => {
      before = link(before, frame)
      return Buffer.from(before).toString('hex')
    })
  }
  const isOtherFrom = (place: number, one: readonly string[], other: readonly string[]) => {
    assert.deepEqual(other.slice(0, place), one.slice(0, place))
    for (let i = place; i < Math.min(one.length, other.length); i++) assert.notEqual(other[i], one[i])
  }

  test('is the same for the same records and key, and another with another key', () => {
    const property = fc.property(frames, keys, (all, key) => {
      const given = hashes(all, key)
      assert.deepEqual(hashes(all, key), given)
      isOtherFrom(0, given, hashes(all, `${key}!`))
    })
    fc.assert(property)
  })

  test('is SHA-256 and HMAC-SHA-256 as Python has them', () => {
    const frame = Buffer.from('frame')
    const plain = 'ec3f5d6c08bafdefdf33ea74f7f46a4b9d6d25d76b61c4e2eabf1e244fc800c3'
    const keyed = '70a38ab20cbcd113d7c2637bab806076d482bbf8687b7e0a1033c054eefe2751'
    assert.deepEqual([hashes([frame], undefined), hashes([frame], 'key')], [[plain], [keyed]])
  })

  test('changes from a record on of which one byte was altered', () => {
    const property = fc.property(
      frames,
      keys,
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (all, key, which, at, by) => {
        const place = which % all.length
        const altered = all.map((frame) => frame.slice())
        altered[place][at % altered[place].length] ^= by
        isOtherFrom(place, hashes(all, key), hashes(altered, key))
      },
    )
    fc.assert(property)
  })

  test('changes from where a record was taken out, or stands in the place of its neighbour', () => {
    const property = fc.property(frames, keys, fc.nat(), (all, key, which) => {
      const place = which % (all.length - 1)
      if (Buffer.compare(all[place], all[place + 1]) === 0) return
      const given = hashes(all, key)
      const without = all.toSpliced(place, 1)
      isOtherFrom(place, given, hashes(without, key))
      isOtherFrom(place, given, hashes(all.toSpliced(place, 2, all[place + 1], all[place]), key))
    })
    fc.assert(property)
  })
})
