import { createHmac } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { deriveKey } from '../../log/chain.ts'
import { ValueWriter } from '../../log/packed-values.ts'
import type { Person } from '../../log/personal-values.ts'

/** The proof that a row of persons was written by somebody with the log's key. */
export type PersonMac = (person: Person) => Uint8Array

export function createPersonMac(logKey: string): PersonMac {
  const key = deriveKey(logKey, 'persons')
  const framed = new ValueWriter()
  return (person) => {
    framed.clear()
    for (const text of [person.key, person.value, person.token]) framed.text(text)
    return createHmac('sha256', key).update(framed.bytes).digest()
  }
}

/** Gives every row the MAC of its present content. */
export function macRows(database: DatabaseSync, mac: PersonMac): void {
  const update = database.prepare('UPDATE persons SET mac = ? WHERE token = ?')
  const rows = database.prepare('SELECT key, value, token FROM persons').all()
  for (const row of rows) {
    const person = { key: String(row.key), value: String(row.value), token: String(row.token) }
    update.run(mac(person), person.token)
  }
}
