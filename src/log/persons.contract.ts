import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Person, PersonalValues } from './personal-values.ts'

interface OpenPersons {
  readonly persons: PersonalValues
  /** A transaction that these are new with is taken in. */
  keep(made: readonly Person[]): void
  /** What was kept becomes durable; resolves with what somebody sees who opens the same store. */
  reopen(): Promise<PersonalValues>
  /** The commit that they were on the way with failed. */
  fail(): void
  /** Forgets a value for good, and returns its token. */
  forget(key: string, value: string): string | undefined
}

const ada = { key: 'card', value: 'Ada' }

/** What every store of tokens has to hold. */
export function keepsPersons(where: string, open: () => OpenPersons): void {
  describe(`persons ${where}`, () => {
    test('have one token each from when their transaction is taken in, also once they are durable', async () => {
      const { persons, keep, reopen } = open()
      const made = await persons.lookUp([ada, { key: 'shop', value: 'Ada' }, ada])
      assert.deepEqual(
        made.map(({ key, value }) => [key, value]),
        [
          ['card', 'Ada'],
          ['shop', 'Ada'],
        ],
      )
      assert.notEqual(made[0].token, made[1].token)
      keep(made)
      for (const each of [persons, await reopen()]) {
        assert.deepEqual(await each.lookUp([ada, { key: 'shop', value: 'Ada' }]), [])
        assert.deepEqual([each.known('card', 'Ada'), each.tokenOf('card', 'Ada')], [made[0].token, made[0].token])
      }
      assert.deepEqual([persons.valueOf(made[0].token), persons.valueOf('tok_none')], ['Ada', undefined])
    })

    test('do not exist where their transaction is not taken in', async () => {
      const { persons, reopen } = open()
      const [first] = await persons.lookUp([ada])
      const [second] = await persons.lookUp([ada])
      assert.notEqual(first.token, second.token)
      for (const each of [persons, await reopen()]) {
        assert.deepEqual([each.tokenOf('card', 'Ada'), each.valueOf(first.token)], [undefined, undefined])
      }
    })

    test('are told apart by every character of key and value', async () => {
      const { persons, keep } = open()
      const others = [
        { key: 'card', value: 'ada' },
        { key: 'card', value: '' },
        { key: 'car', value: 'd\0Ada' },
        { key: 'card', value: 'Ada\0' },
      ]
      const made = await persons.lookUp([ada, ...others])
      keep(made)
      assert.equal(new Set([ada, ...others].map(({ key, value }) => persons.known(key, value))).size, 5)
    })

    test('are new again after a commit that failed, and whoever knew them is told', async () => {
      const { persons, keep, fail } = open()
      const made = await persons.lookUp([ada])
      keep(made)
      const { forgettings } = persons
      fail()
      assert.ok(persons.forgettings > forgettings)
      assert.deepEqual([persons.known('card', 'Ada'), persons.tokenOf('card', 'Ada')], [undefined, undefined])
      const [again] = await persons.lookUp([ada])
      assert.notEqual(again.token, made[0].token)
    })

    test('that are forgotten are no more, whoever knew them is told, and who comes again is new', async () => {
      const { persons, keep, reopen, forget } = open()
      const made = await persons.lookUp([ada])
      keep(made)
      await reopen()
      const { forgettings } = persons
      assert.equal(forget('card', 'Ada'), made[0].token)
      assert.ok(persons.forgettings > forgettings)
      assert.deepEqual([forget('card', 'Ada'), persons.valueOf(made[0].token)], [undefined, undefined])
      const [again] = await persons.lookUp([ada])
      assert.notEqual(again.token, made[0].token)
    })
  })
}
