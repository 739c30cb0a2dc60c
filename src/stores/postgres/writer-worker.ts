import { rmSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { FraudError } from '../../core/errors.ts'
import { createLink } from '../../log/chain.ts'
import type { Batch, CommitAnswer, CommitDone } from '../../log/commit-target.ts'
import { splitFrames } from '../../log/frames.ts'
import { checkLogKey } from '../sqlite/log-key.ts'
import { createPersonMac } from '../sqlite/person-mac.ts'
import type { WriterOrder } from '../sqlite/writer-messages.ts'
import { catchUp, compare } from './catch-up.ts'
import { placeOf, whyFailed } from './connect.ts'
import { isLost, Lead } from './lead.ts'
import { LogCopy } from './log-copy.ts'
import type { HashedRecord, Rows } from './log-table.ts'
import type { DatabaseWriterData } from './writer-data.ts'

/** The thread that writes: into the database first, and once that has it durably, into this machine's copy. */

/** How often a leader that has nothing to write shows that it is alive. */
const beatEveryMs = 500
/** How long it is tried to learn what became of a commit whose answer was lost, before callers are told that nobody knows. */
const lookForMs = 5000
const lookAgainMs = 100

const { path, key, port, url, holder }: DatabaseWriterData = workerData
const link = createLink(key)
const personMac = key === undefined ? undefined : createPersonMac(key)

let copy: LogCopy
let lead: Lead | undefined
let last: Pick<HashedRecord, 'sequence' | 'hash'>
let saidMs = 0

const today = () => new Date().toISOString().slice(0, 10)

/** @throws FraudError DIRECTORY_IN_USE where another process leads; DATABASE_UNUSABLE */
async function takeLead(): Promise<Lead> {
  const taken = await Lead.take(url, holder, today())
  if (taken instanceof Lead) return taken
  const where = taken.url === null ? '' : `, at ${taken.url}`
  throw new FraudError(
    'DIRECTORY_IN_USE',
    `Another process works on ${placeOf(url)} (${taken.holder}${where}): stop it first`,
  )
}

/** Leads, and has in the copy what the database has. */
async function begin(): Promise<void> {
  lead = await takeLead()
  try {
    if ((await compare(lead.client, copy)) === 'another') copyAgain()
    await catchUp(lead.client, copy)
    checkLogKey(copy.database, key)
    last = copy.last()
  } catch (error) {
    await giveUp()
    throw error
  }
}

/** What the copy holds is of another log, or of records that the database has let go. */
function copyAgain(): void {
  copy.close()
  for (const ending of ['', '-wal', '-shm']) rmSync(`${path}${ending}`, { force: true })
  copy = new LogCopy(path)
}

async function giveUp(): Promise<void> {
  const given = lead
  lead = undefined
  await given?.end()
}

function rowsOf({ frames, persons, forgotten, prunedThrough }: Batch): Rows {
  let { sequence: before, hash } = last
  const records: HashedRecord[] = []
  for (const { frame, record } of splitFrames(frames)) {
    if (record.sequence !== before + 1) throw new Error(`record ${record.sequence} does not follow ${before}`)
    before = record.sequence
    hash = link(hash, frame)
    records.push({ ...record, hash })
  }
  const proven = persons.map((person) => ({ ...person, mac: personMac?.(person) ?? null }))
  return { records, persons: proven, forgotten, prunedThrough }
}

async function append(batch: Batch): Promise<void> {
  const rows = rowsOf(batch)
  const newest = rows.records.at(-1)
  if (newest === undefined) return
  await commit(rows, newest)
  copy.append(rows)
  last = newest
}

async function commit(rows: Rows, newest: HashedRecord): Promise<void> {
  const leading = await theLead()
  try {
    await leading.turnPartition(last.sequence + 1, today())
    await leading.append(rows)
  } catch (error) {
    if (!isLost(error)) throw error
    await giveUp()
    if (!(await isThere(newest))) throw error
  }
}

/**
 * Whether a commit whose answer was lost was made: the lead is taken again, after which nothing of it can come any more,
 * and the newest record is looked at.
 */
async function isThere({ sequence, hash }: HashedRecord): Promise<boolean> {
  for (const end = performance.now() + lookForMs; performance.now() < end; ) {
    try {
      lead = await takeLead()
      const found = await lead.newest()
      const isOurs = found?.sequence === sequence && Buffer.from(found.hash).equals(hash)
      // Else what the copy lacks is fetched once the log recovers.
      if (!isOurs) await giveUp()
      return isOurs
    } catch (error) {
      if (error instanceof FraudError && error.code === 'DIRECTORY_IN_USE') return false
      await giveUp()
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
    }
  }
  return false
}

async function theLead(): Promise<Lead> {
  if (lead === undefined) throw new Error(`this process does not write to ${placeOf(url)} any more`)
  return lead
}

type Done = Pick<CommitDone, 'isUnfinished'>
const finished: Done = { isUnfinished: false }

async function obey(order: WriterOrder): Promise<Done> {
  switch (order.order) {
    case 'append':
      await append(order)
      return finished
    case 'recover':
      await giveUp()
      await begin()
      return finished
    case 'prune':
      await (await theLead()).prune(order.through)
      return { isUnfinished: copy.prune(order.through) }
    case 'truncate':
      await (await theLead()).leaveNoTraces()
      return { isUnfinished: !copy.leaveNoTraces() }
    case 'look':
      await beat()
      return finished
    case 'close':
      copy.close()
      await giveUp()
      return finished
  }
}

async function beat(): Promise<void> {
  const leading = await theLead()
  await leading.beat()
  await leading.turnPartition(last.sequence + 1, today())
}

const say = (answer: CommitAnswer) => port.postMessage(answer)

function sayWhy(error: unknown): void {
  const reason = whyFailed(error)
  say({ answer: 'failed', reason, ...(error instanceof FraudError && { code: error.code }) })
}

async function carryOut(order: WriterOrder): Promise<void> {
  const start = performance.now()
  try {
    const done = await obey(order)
    saidMs = performance.now()
    say({ answer: 'done', lastSequence: last.sequence, commitMs: saidMs - start, ...done })
  } catch (error) {
    if (isLost(error) && !(error instanceof FraudError)) await giveUp()
    sayWhy(error)
  }
  if (order.order === 'close') end()
}

function end(): void {
  clearInterval(beating)
  port.close()
}

/** One after the other, with signs of life in between. */
let work: Promise<void> = Promise.resolve()
const beating = setInterval(() => {
  if (performance.now() - saidMs < beatEveryMs || lead === undefined) return
  saidMs = performance.now()
  // One that fails is found again by the next order.
  work = work.then(() => lead?.beat()).catch(() => giveUp())
}, beatEveryMs / 2)

try {
  copy = new LogCopy(path)
  await begin()
  say({ answer: 'done', lastSequence: copy.last().sequence, commitMs: 0, isUnfinished: false })
} catch (error) {
  sayWhy(error)
}

port.on('message', (order: WriterOrder) => {
  work = work.then(() => carryOut(order))
})
