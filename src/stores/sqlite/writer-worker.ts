import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { FraudError } from '../../core/errors.ts'
import { createLink, firstLink } from '../../log/chain.ts'
import type { Batch, CommitAnswer, CommitDone } from '../../log/commit-target.ts'
import { splitFrames } from '../../log/frames.ts'
import { damagedLog, isDamaged } from './damaged-log.ts'
import { type HeldLog, holdLog } from './held-log.ts'
import { openForWriting } from './open-for-writing.ts'
import { createPersonMac } from './person-mac.ts'
import type { WriterData, WriterOrder } from './writer-messages.ts'

/** The thread that writes: all records that came while it wrote the ones before go into one commit. */

const prunedAtOnce = 2000
/** Commits after which all files are looked for. */
const thoroughEvery = 16
let commits = 0
/** Files that were looked at just now are not looked at again before they are written. */
const freshMs = 10
let settledMs = Number.NEGATIVE_INFINITY
/** Pages that the write-ahead log may hold before they are copied to the database. */
const mostFrames = 4000

const { path, key, port }: WriterData = workerData
const link = createLink(key)
const personMac = key === undefined ? undefined : createPersonMac(key)
const signing = key === undefined ? undefined : { key, ...(await import('./prove-persons.ts')) }

interface Writing {
  readonly database: DatabaseSync
  readonly insert: StatementSync
  readonly insertPerson: StatementSync
  readonly deletePerson: StatementSync
  readonly prune: StatementSync
  readonly forgetId: StatementSync
  readonly hashAt: StatementSync
  readonly last: StatementSync
  readonly held: HeldLog
  lastSequence: number
  lastHash: Uint8Array
}

function open(): Writing {
  const database = openForWriting(path, signing)
  const selectLast = database.prepare('SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1')
  const last = selectLast.get()
  return {
    database,
    insert: database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    insertPerson: database.prepare('INSERT INTO persons VALUES (?, ?, ?, ?)'),
    deletePerson: database.prepare('DELETE FROM persons WHERE key = ? AND token = ?'),
    prune: database.prepare(
      `DELETE FROM records WHERE sequence IN (SELECT sequence FROM records WHERE sequence <= ? LIMIT ${prunedAtOnce})`,
    ),
    forgetId: database.prepare('DELETE FROM records WHERE id = ? AND kind <= 1 AND sequence BETWEEN 1 AND ?'),
    hashAt: database.prepare('SELECT hash FROM records WHERE sequence = ?'),
    last: selectLast,
    held: holdLog(path, randomUUID),
    lastSequence: Number(last?.sequence ?? 0),
    lastHash: last?.hash instanceof Uint8Array ? last.hash : firstLink,
  }
}

function append({ frames, persons, forgotten, prunedThrough }: Batch): void {
  const { database, insert, insertPerson, deletePerson, forgetId } = state
  let { lastSequence, lastHash } = state
  database.exec('BEGIN IMMEDIATE')
  try {
    checkLast(state)
    // First, since a person who was forgotten may have come again by now.
    for (const person of forgotten) deletePerson.run(person.key, person.token)
    for (const person of persons) {
      insertPerson.run(person.key, person.value, person.token, personMac?.(person) ?? null)
    }
    for (const { frame, record } of splitFrames(frames)) {
      const { sequence, kind, outcome, timestampMs, score, id, body } = record
      if (sequence !== lastSequence + 1) throw new Error(`record ${sequence} does not follow ${lastSequence}`)
      lastHash = link(lastHash, frame)
      lastSequence = sequence
      // A record of the same id that was let go, and is not deleted yet, makes room.
      if (kind <= 1 && prunedThrough > 0) forgetId.run(id, prunedThrough)
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

/** Records go behind the one that was written last, and behind no other. */
function checkLast({ last, lastSequence, lastHash }: Writing): void {
  const found = last.get()
  const hash = found?.hash instanceof Uint8Array ? found.hash : firstLink
  if (Number(found?.sequence ?? 0) === lastSequence && Buffer.from(hash).equals(lastHash)) return
  distrust(path, `now ends with record ${found?.sequence ?? 0} and not with ${lastSequence}: it was overwritten`)
}

/** Why nothing more is written into these files, whatever becomes of them. */
let distrusted: string | undefined

function distrust(file: string, what: string): never {
  distrusted =
    `${file} ${what} while it was in use. Earlier decisions may be missing from it: stop the service, move the ` +
    'directory away, and copy the backup into an empty one'
  throw new Error(distrusted)
}

function checkWrites(didCheckpoint: boolean): void {
  if (distrusted !== undefined) throw new Error(distrusted)
  const foreign = state.held.own.foreign(didCheckpoint)
  if (foreign !== undefined) distrust(foreign === 'wal' ? `${path}-wal` : path, 'was overwritten')
}

function settle(didCheckpoint: boolean): void {
  checkWrites(didCheckpoint)
  state.held.own.note()
  settledMs = performance.now()
}

/** Apart from commits, so that a commit never writes the database's file. What fails here is still in the write-ahead log. */
function copyFrames({ database, held }: Writing): void {
  if (held.own.frames < mostFrames) return
  try {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  } catch {
    // A disk that is full: the next commit tells, or this is tried again.
  }
  settle(true)
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

/**
 * After a failed commit nobody knows what reached the disk: open the log again, see what is there, and prove that it can be written.
 * Where the files are gone, what was committed is written to a new one first.
 *
 * @returns whether that was so.
 */
function recover(): boolean {
  const { held, database } = state
  const isGone = database.isOpen && held.whatIsGone() !== undefined
  if (isGone) held.putBack(database, state.lastSequence)
  try {
    database.close()
  } catch {
    // It may be closed, or beyond closing.
  }
  state = openAgain()
  state.database.exec(`BEGIN IMMEDIATE; CREATE TABLE probe (filling BLOB);
    INSERT INTO probe VALUES (randomblob(262144)); DROP TABLE probe; COMMIT`)
  // What was erased just before may still be there.
  emptyWriteAheadLog(state)
  return isGone
}

/** The same log: never a new one, nor another that does not go on from what was acknowledged. */
function openAgain(): Writing {
  const { lastSequence, lastHash } = state
  if (!existsSync(path)) throw new Error(`${path} is gone`)
  const opened = open()
  const hash = lastSequence === 0 ? firstLink : opened.hashAt.get(lastSequence)?.hash
  if (hash instanceof Uint8Array && Buffer.from(hash).equals(lastHash)) return opened
  opened.database.close()
  throw new Error(`${path} is a different log than before: record ${lastSequence} is not the one that was written`)
}

type Done = Pick<CommitDone, 'isUnfinished' | 'isPutBack'>

function obey(order: WriterOrder): Done {
  switch (order.order) {
    case 'append':
      append(order)
      break
    case 'recover':
      return { isUnfinished: false, isPutBack: recover() }
    case 'prune':
      return { isUnfinished: Number(state.prune.run(order.through).changes) === prunedAtOnce }
    case 'truncate':
      return { isUnfinished: !emptyWriteAheadLog(state) }
    case 'look':
    case 'announce':
      break
    case 'close':
      return { isUnfinished: false, isPutBack: close() }
  }
  return { isUnfinished: false }
}

/** The last chance for what only this process still has. */
function close(): boolean {
  const { held, database, lastSequence } = state
  const isGone = database.isOpen && held.whatIsGone() !== undefined
  try {
    if (!isGone) checkWrites(false)
    if (isGone) held.putBack(database, lastSequence)
    else database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
  return isGone
}

/** What was written to files that are gone is as good as not written. */
function checkPlace({ order }: WriterOrder): void {
  const gone = state.held.whatIsGone(order === 'append' && ++commits % thoroughEvery !== 0)
  if (gone !== undefined) throw new Error(gone)
}

/** The files are looked at before they are written, so that what was just put in their place stays as it is, and after. */
function carryOut(order: WriterOrder): Done {
  if (order.order === 'close') return obey(order)
  if (performance.now() - settledMs > freshMs || distrusted !== undefined) checkWrites(false)
  const isCopying = order.order === 'truncate' || order.order === 'recover'
  try {
    const done = obey(order)
    checkPlace(order)
    if (!isCopying) settle(false)
    copyFrames(state)
    return done
  } finally {
    if (isCopying) settle(true)
  }
}

const say = (answer: CommitAnswer) => port.postMessage(answer)

function sayWhy(error: unknown): void {
  const why = isDamaged(error) ? damagedLog(error, path) : error
  const reason = why instanceof Error ? why.message : String(why)
  const isOverwritten = distrusted !== undefined
  say({ answer: 'failed', reason, isOverwritten, ...(why instanceof FraudError && { code: why.code }) })
}

let state: Writing
try {
  state = open()
  say({ answer: 'done', lastSequence: state.lastSequence, commitMs: 0, isUnfinished: false })
} catch (error) {
  sayWhy(error)
}

port.on('message', (order: WriterOrder) => {
  const start = performance.now()
  try {
    const done = carryOut(order)
    say({ answer: 'done', lastSequence: state.lastSequence, commitMs: performance.now() - start, ...done })
  } catch (error) {
    sayWhy(error)
  }
  if (order.order === 'close') port.close()
})
