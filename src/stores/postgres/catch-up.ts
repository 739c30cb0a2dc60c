import { FraudError } from '../../core/errors.ts'
import type { LogCopy } from './log-copy.ts'
import { hashAt, personsAfter, recordsAfter } from './log-table.ts'
import type { Session } from './session.ts'

/** A group is held in memory. */
const recordsAtOnce = 4000

/** How a copy stands to the log that it is one of. */
type Standing = 'continues' | 'another'

/**
 * Whether what a copy holds is what the database holds, up to its newest record; a copy whose end the database has let go
 * is another one, and is made again.
 *
 * @throws FraudError LOG_INVALID where the copy holds acknowledged records that the database lost.
 */
export async function compare(client: Session, copy: LogCopy): Promise<Standing> {
  const ours = copy.last()
  if (ours.sequence === 0) return 'continues'
  const theirs = await hashAt(client, ours.sequence)
  if (theirs !== undefined) return Buffer.from(theirs.hash).equals(ours.hash) ? 'continues' : 'another'
  const newest = await hashAt(client)
  if (newest !== undefined && newest.sequence > ours.sequence) return 'another'
  throw new FraudError(
    'LOG_INVALID',
    `The database ends with record ${newest?.sequence ?? 0}, and this process's copy of it holds ${ours.sequence}: the database has ` +
      'lost what was acknowledged, as after a failover to a standby that lagged, or a backup that was put back. Restore a ' +
      'database that has these records; to go on without them, delete the copy, on each replica',
  )
}

/** Brings into the copy what the database holds beyond it. @param between is called after each group of records. */
export async function catchUp(client: Session, copy: LogCopy, between = async () => {}): Promise<void> {
  for (let { sequence } = copy.last(); ; await between()) {
    const records = await recordsAfter(client, sequence, recordsAtOnce)
    const last = records.at(-1)
    if (last === undefined) return
    if (sequence > 0 && records[0].sequence !== sequence + 1)
      throw new FraudError('LOG_INVALID', `Record ${sequence + 1} of the log in the database is missing`)
    const persons = await personsAfter(client, sequence, last.sequence)
    copy.follow({ records, persons })
    sequence = last.sequence
  }
}
