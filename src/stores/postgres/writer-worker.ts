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
import { whyFailed } from './connect.ts'
import { isLost, Lead } from './lead.ts'
import { Leadership } from './leadership.ts'
import { LogCopy } from './log-copy.ts'
import type { HashedRecord, Rows } from './log-table.ts'
import { placeOf } from './server-address.ts'
import type { DatabaseWriterData } from './writer-data.ts'

/**
 * The thread that writes: into the database first, and once that has it durably, into this machine's copy. While another
 * process writes, it brings what that writes into the copy.
 */

/** How often a leader shows that it is alive. */
const beatEveryMs = 500
/** How long it is tried to learn what became of a commit whose answer was lost, before callers are told that nobody knows. */
const lookForMs = 5000
const lookAgainMs = 100

const { path, key, port, url, holder, follows }: DatabaseWriterData = workerData
const link = createLink(key)
const personMac = key === undefined ? undefined : createPersonMac(key)
const today = () => new Date().toISOString().slice(0, 10)
const leadership = new Leadership({ url, holder, today, nowMs: () => performance.now() })

let copy: LogCopy
let last: Pick<HashedRecord, 'sequence' | 'hash'>
/** Whether the copy is known to be of this log. */
let isCompared = false
let beatMs = 0

/** Leads, or follows, and has in the copy what the database has. @returns whether it leads. */
async function begin(): Promise<boolean> {
  const taken = await leadership.take()
  const isLeading = taken instanceof Lead
  if (!isLeading && !follows) throw inUse()
  try {
    const client = isLeading ? taken.client : taken
    if (isLeading || !isCompared) {
      if ((await compare(client, copy)) === 'another') copyAgain()
      isCompared = true
    }
    await catchUp(client, copy, isLeading ? () => taken.beat() : undefined)
    if (isLeading) checkLogKey(copy.database, key)
    last = copy.last()
    return isLeading
  } catch (error) {
    await giveUp()
    throw error
  }
}

function inUse(): FraudError {
  const { holder: other = 'another process', url: at = null } = leadership.leader ?? {}
  const where = at === null ? '' : `, at ${at}`
  return new FraudError(
    'DIRECTORY_IN_USE',
    `Another process works on ${placeOf(url)} (${other}${where}): stop it first`,
  )
}

/** What the copy holds is of another log, or of records that the database has let go. */
function copyAgain(): void {
  copy.close()
  for (const ending of ['', '-wal', '-shm']) rmSync(`${path}${ending}`, { force: true })
  copy = new LogCopy(path)
}

async function giveUp(): Promise<void> {
  isCompared = false
  await leadership.giveUp()
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
  const lead = theLead()
  try {
    await lead.turnPartition(last.sequence + 1, today())
    await lead.append(rows)
  } catch (error) {
    if (!isLost(error)) throw error
    await giveUp()
    if (!(await isThere(newest))) throw error
  }
}

/**
 * Whether a commit whose answer was lost was made: the lead is taken again, after which nothing of it can come any more,
 * and the newest record is looked at. What the copy lacks otherwise is fetched once the log recovers.
 */
async function isThere({ sequence, hash }: HashedRecord): Promise<boolean> {
  for (const end = performance.now() + lookForMs; performance.now() < end; ) {
    try {
      const taken = await leadership.take()
      if (!(taken instanceof Lead)) return false
      const found = await taken.newest()
      const isOurs = found?.sequence === sequence && Buffer.from(found.hash).equals(hash)
      if (!isOurs) await giveUp()
      return isOurs
    } catch {
      await giveUp()
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
    }
  }
  return false
}

function theLead(): Lead {
  const { lead } = leadership
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
      if (leadership.lead !== undefined) await giveUp()
      if (!(await begin())) throw inUse()
      return finished
    case 'prune':
      await theLead().prune(order.through)
      return { isUnfinished: copy.prune(order.through) }
    case 'truncate':
      await theLead().leaveNoTraces()
      return { isUnfinished: !copy.leaveNoTraces() }
    case 'look':
      await beat()
      return finished
    case 'announce':
      await leadership.announce(order.url)
      return finished
    case 'close':
      copy.close()
      await giveUp()
      return finished
  }
}

async function beat(): Promise<void> {
  const lead = theLead()
  await lead.beat()
  beatMs = performance.now()
  await lead.turnPartition(last.sequence + 1, today())
}

const say = (answer: CommitAnswer) => port.postMessage(answer)

function sayWhy(error: unknown): void {
  const { leader } = leadership
  const code = error instanceof FraudError ? { code: error.code } : {}
  say({ answer: 'failed', reason: whyFailed(error), ...code, ...(leader && { leader }) })
}

async function carryOut(order: WriterOrder): Promise<void> {
  const start = performance.now()
  const isAnswered = order.order !== 'announce'
  try {
    const done = await obey(order)
    if (isAnswered) say({ answer: 'done', lastSequence: last.sequence, commitMs: performance.now() - start, ...done })
  } catch (error) {
    if (isLost(error) && !(error instanceof FraudError)) await giveUp()
    if (isAnswered) sayWhy(error)
  }
  if (order.order === 'close') end()
}

function end(): void {
  clearInterval(beating)
  port.close()
}

async function start(): Promise<void> {
  try {
    copy = new LogCopy(path)
    await begin()
    const { leader } = leadership
    const { sequence } = copy.last()
    say({ answer: 'done', lastSequence: sequence, commitMs: 0, isUnfinished: false, ...(leader && { leader }) })
  } catch (error) {
    sayWhy(error)
  }
}

/** One after the other, with signs of life in between. */
let work: Promise<void> = start()
const beating = setInterval(() => {
  if (performance.now() - beatMs < beatEveryMs || leadership.lead === undefined) return
  beatMs = performance.now()
  // One that fails is found again by the next order.
  work = work.then(() => (leadership.lead === undefined ? undefined : beat())).catch(giveUp)
}, beatEveryMs / 2)

port.on('message', (order: WriterOrder) => {
  work = work.then(() => carryOut(order))
})
