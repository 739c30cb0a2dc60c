import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hashPassword, matchesPassword } from './password.ts'

const cost = { n: 2 ** 13, r: 8, p: 1 }
const password = 'correct horse battery staple'

describe('a password', () => {
  test('is kept as scrypt makes it of a salt of its own, with what that cost', async () => {
    const [one, other] = await Promise.all([hashPassword(password, cost), hashPassword(password, cost)])
    assert.notDeepEqual(one.hash, other.hash)
    assert.deepEqual([one.n, one.r, one.p, one.salt.length, one.hash.length], [2 ** 13, 8, 1, 16, 32])
    assert.ok(await matchesPassword(password, one, { n: 16, r: 1, p: 1 }))
    assert.ok(!(await matchesPassword('Correct horse battery staple', one, cost)))
  })

  test('is what scrypt of RFC 7914 says, for its own example', async () => {
    const hash = Buffer.from(
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
      'hex',
    )
    // The first half of the 64 bytes is what 32 are: PBKDF2 makes them block by block.
    const kept = { n: 1024, r: 8, p: 16, salt: Buffer.from('NaCl'), hash: hash.subarray(0, 32) }
    assert.ok(await matchesPassword('password', kept, cost))
  })

  test('of a name that nobody has costs as much to refuse as a wrong one', async () => {
    const kept = await hashPassword(password, cost)
    const timesOf = { known: [] as number[], unknown: [] as number[] }
    for (let round = 0; round < 25; round++) {
      for (const [which, stored] of [
        ['known', kept],
        ['unknown', undefined],
      ] as const) {
        const beganMs = performance.now()
        assert.ok(!(await matchesPassword(`guess ${round}`, stored, cost)))
        timesOf[which].push(performance.now() - beganMs)
      }
    }
    const median = (times: number[]) => times.sort((a, b) => a - b)[12] ?? 0
    const ratio = median(timesOf.known) / median(timesOf.unknown)
    assert.ok(ratio > 0.5 && ratio < 2, String(ratio))
  })
})
