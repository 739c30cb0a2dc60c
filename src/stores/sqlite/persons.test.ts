import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { openForWriting } from './open-for-writing.ts'
import { Persons } from './persons.ts'

let folder: string
let database: DatabaseSync
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-persons-'))
  database = openForWriting(join(folder, 'log.sqlite'))
})
after(async () => {
  database.close()
  await rm(folder, { recursive: true })
})

let made = 0
const open = () => new Persons(database, () => `tok_${++made}`)
const store = (persons: Persons) => {
  persons.keepProposed()
  const insert = database.prepare('INSERT INTO persons (key, value, token) VALUES (?, ?, ?)')
  for (const { key, value, token } of persons.takeNew()) insert.run(key, value, token)
}

describe('tokens of personal values', () => {
  test('are the same for the same value of a key, before and after they are stored', () => {
    const persons = open()
    const token = persons.token('card', 'Ada')
    assert.equal(persons.token('card', 'Ada'), token)
    for (const [key, value] of [
      ['card', 'ada'],
      ['card', ''],
      ['shop', 'Ada'],
      ['car', 'd\0Ada'],
      ['card', 'Ada\0'],
    ]) {
      assert.notEqual(persons.token(key, value), token)
    }
    store(persons)
    const again = open()
    assert.deepEqual(
      [again.token('card', 'Ada'), again.tokenOf('card', 'Ada\0')],
      [token, persons.tokenOf('card', 'Ada\0')],
    )
    assert.deepEqual(again.takeNew(), [])
    assert.equal(again.valueOf(token), 'Ada')
    assert.equal(again.valueOf('tok_none'), undefined)
    assert.equal(again.tokenOf('card', 'nobody'), undefined)
  })

  test('are handed over to be stored once', () => {
    const persons = open()
    const token = persons.token('card', 'Bob')
    persons.token('card', 'Bob')
    persons.keepProposed()
    assert.deepEqual(persons.takeNew(), [{ key: 'card', value: 'Bob', token }])
    assert.deepEqual(persons.takeNew(), [])
  })

  test('are not kept of a transaction that is not taken in', () => {
    const persons = open()
    const token = persons.token('card', 'Max')
    persons.dropProposed()
    persons.keepProposed()
    assert.deepEqual([persons.takeNew(), persons.tokenOf('card', 'Max')], [[], undefined])
    assert.notEqual(persons.token('card', 'Max'), token)
  })

  test('that may not have reached the disk are made anew', () => {
    const persons = open()
    const lost = persons.token('card', 'Eve')
    persons.keepProposed()
    persons.dropNew()
    assert.equal(persons.tokenOf('card', 'Eve'), undefined)
    assert.notEqual(persons.token('card', 'Eve'), lost)
  })

  test('that are forgotten are no more, and a person who comes again has a new one', () => {
    const persons = open()
    const token = persons.token('card', 'Kim')
    store(persons)
    assert.equal(persons.forget('card', 'Kim'), token)
    database.prepare('DELETE FROM persons WHERE token = ?').run(token)
    assert.deepEqual([persons.forget('card', 'Kim'), persons.valueOf(token)], [undefined, undefined])
    assert.notEqual(persons.token('card', 'Kim'), token)
  })

  test('are right for more values than are held in memory', () => {
    const persons = open()
    database.exec('BEGIN')
    for (let i = 0; i < 100_050; i++) {
      persons.token('many', `person-${i}`)
      persons.keepProposed()
    }
    store(persons)
    database.exec('COMMIT')
    const before = made
    assert.equal(persons.token('many', 'person-3'), open().tokenOf('many', 'person-3'))
    assert.equal(made, before)
  })
})
