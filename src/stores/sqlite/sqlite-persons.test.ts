import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { after, before, beforeEach, describe, test } from 'node:test'
import { keepsPersons } from '../../log/persons.contract.ts'
import { openForWriting } from './open-for-writing.ts'
import { SqlitePersons } from './sqlite-persons.ts'

let folder: string
let database: DatabaseSync
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-persons-'))
  database = openForWriting(join(folder, 'log.sqlite'))
})
beforeEach(() => database.exec('DELETE FROM persons'))
after(async () => {
  database.close()
  await rm(folder, { recursive: true })
})

let made = 0
const open = () => new SqlitePersons(database, () => `tok_${++made}`)
const store = (persons: SqlitePersons) => {
  const insert = database.prepare('INSERT INTO persons (key, value, token) VALUES (?, ?, ?)')
  for (const { key, value, token } of persons.takeNew()) insert.run(key, value, token)
}

keepsPersons('in SQLite', () => {
  const persons = open()
  return {
    persons,
    keep: (each) => persons.keep(each),
    async reopen() {
      store(persons)
      return open()
    },
    fail: () => persons.dropNew(),
    forget(key, value) {
      const token = persons.forget(key, value)
      database.prepare('DELETE FROM persons WHERE token = ?').run(token ?? '')
      return token
    },
  }
})

describe('tokens of personal values', () => {
  test('are handed over to be stored once', async () => {
    const persons = open()
    const bob = await persons.lookUp([{ key: 'card', value: 'Bob' }])
    persons.keep(bob)
    persons.keep(await persons.lookUp([{ key: 'card', value: 'Bob' }]))
    assert.deepEqual(persons.takeNew(), bob)
    assert.deepEqual(persons.takeNew(), [])
  })

  test('are right for more values than are held in memory', async () => {
    const persons = open()
    database.exec('BEGIN')
    for (let i = 0; i < 100_050; i++) persons.keep([{ key: 'many', value: `person-${i}`, token: `tok_${++made}` }])
    store(persons)
    database.exec('COMMIT')
    const before = made
    assert.deepEqual(await persons.lookUp([{ key: 'many', value: 'person-3' }]), [])
    assert.equal(persons.known('many', 'person-3'), open().tokenOf('many', 'person-3'))
    assert.equal(made, before)
  })
})
