import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { createLink, firstLink } from '../../decisioning/chain.ts'
import { splitFrames } from '../../decisioning/record-format.ts'
import { openForWriting } from './database.ts'
import type { WriterAnswer, WriterData, WriterOrder } from './writer-messages.ts'

/** The thread that writes: all records that came while it wrote the ones before go into one commit. */

const prunedAtOnce = 2000

const { path, key, port }: WriterData = workerData
const link = createLink(key)
let state = open()

interface Writing {
  readonly database: DatabaseSync
  readonly insert: StatementSync
  readonly insertPerson: StatementSync
  readonly deletePerson: StatementSync
  readonly prune: StatementSync
  lastSequence: number
  lastHash: Uint8Array
}

function open(): Writing {
  const database = openForWriting(path)
  const last = database.prepare('SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1').get()
  return {
    database,
    insert: database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    insertPerson: database.prepare('INSERT INTO persons VALUES (?, ?, ?)'),
    deletePerson: database.prepare('DELETE FROM persons WHERE key = ? AND token = ?'),
    prune: database.prepare(
      `DELETE FROM records WHERE sequence IN (SELECT sequence FROM records WHERE sequence <= ? LIMIT ${prunedAtOnce})`,
    ),
    lastSequence: Number(last?.sequence ?? 0),
    lastHash: last?.hash instanceof Uint8Array ? last.hash : firstLink,
  }
}

function append({ frames, persons, forgotten }: Extract<WriterOrder, { order: 'append' }>): void {
  const { database, insert, insertPerson, deletePerson } = state
  let { lastSequence, lastHash } = state
  database.exec('BEGIN IMMEDIATE')
  try {
    // First, since a person who was forgotten may have come again by now.
    for (const person of forgotten) deletePerson.run(person.key, person.token)
    for (const person of persons) insertPerson.run(person.key, person.value, person.token)
    for (const { frame, record } of splitFrames(frames)) {
      const { sequence, kind, outcome, timestampMs, score, id, body } = record
      if (sequence !== lastSequence + 1) throw new Error(`record ${sequence} does not follow ${lastSequence}`)
      lastHash = link(lastHash, frame)
      lastSequence = sequence
      insert.run(sequence, kind, outcome, timestampMs, score, id, body, lastHash)
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
  state.lastSequence = lastSequence
  state.lastHash = lastHash
}

/** Content lies in the write-ahead log until it was copied and the file cut; false while a reader holds the file. */
function emptyWriteAheadLog({ database }: Writing): boolean {
  // Records are waiting: they go first, and this is tried again.
  database.exec('PRAGMA busy_timeout = 20')
  try {
    return database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0
  } finally {
    database.exec('PRAGMA busy_timeout = 5000')
  }
}

/** After a failed commit nobody knows what reached the disk: open anew, see what is there, and prove that it can be written. */
function recover(): void {
  try {
    state.database.close()
  } catch {
    // It may be closed, or beyond closing.
  }
  state = open()
  state.database.exec(`BEGIN IMMEDIATE; CREATE TABLE probe (filling BLOB);
    INSERT INTO probe VALUES (randomblob(262144)); DROP TABLE probe; COMMIT`)
  // What was erased just before may still be there.
  emptyWriteAheadLog(state)
}

/** @returns whether there is more to do. */
function obey(order: WriterOrder): boolean {
  switch (order.order) {
    case 'append':
      append(order)
      return false
    case 'recover':
      recover()
      return false
    case 'prune':
      return Number(state.prune.run(order.through).changes) === prunedAtOnce
    case 'truncate':
      return !emptyWriteAheadLog(state)
    case 'close':
      state.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      state.database.close()
      return false
  }
}

const say = (answer: WriterAnswer) => port.postMessage(answer)

port.on('message', (order: WriterOrder) => {
  const start = performance.now()
  try {
    const isUnfinished = obey(order)
    const { lastSequence } = state
    say({ answer: 'done', lastSequence, commitMs: performance.now() - start, isUnfinished })
  } catch (error) {
    say({ answer: 'failed', reason: error instanceof Error ? error.message : String(error) })
  }
  if (order.order === 'close') port.close()
})
say({ answer: 'done', lastSequence: state.lastSequence, commitMs: 0, isUnfinished: false })
