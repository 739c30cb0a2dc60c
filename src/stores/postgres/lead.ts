import type { Leader } from '../../log/commit-target.ts'
import { isRefusal, refusalCode } from './connect.ts'
import { appendRows, type HashedRecord, hashAt, LeadLost, type Rows } from './log-table.ts'
import { addPartition, endPartition, locks, partitionName } from './schema.ts'
import type { Session } from './session.ts'

/** What is seen of who leads: two looks that are the same show no life. */
export interface SeenLeader extends Leader {
  readonly epoch: number
  readonly beat: number
  readonly backend: number
}

/** A dump reads for hours, a follower for milliseconds. */
const tableWithinMs = 200
const lockNotAvailable = '55P03'

/** The beat of a lead that shows no life, and is its holder's for as long as the connection lasts. */
export const heldBeat = -1

/** The lead of one process: a lock of its connection, and an epoch that each of its commits names. */
export class Lead {
  readonly client: Session
  readonly #epoch: number
  #partition: { readonly first: number; readonly day: string }

  private constructor(client: Session, epoch: number, partition: Lead['partition']) {
    this.client = client
    this.#epoch = epoch
    this.#partition = partition
  }

  /** The newest one: when it began. */
  get partition(): { readonly first: number; readonly day: string } {
    return this.#partition
  }

  /**
   * Takes the lead, where nobody has it. The new epoch waits for a commit of the one before that is under way, and no later
   * one of that goes in. Lock and epoch are one statement: who had the lock alone, and was stopped then, could not be told
   * from a leader that ended.
   *
   * @param day today, as YYYY-MM-DD.
   * @param isHeld whether it is kept without a sign of life, as a command does that works on a log.
   * @returns who has it, where somebody does.
   */
  static async take(client: Session, holder: string, day: string, isHeld = false): Promise<Lead | SeenLeader> {
    const taken = await client.query({
      name: 'take-lead',
      text: `WITH lead AS MATERIALIZED (SELECT pg_try_advisory_lock($1, $2) AS is_mine)
        UPDATE shrike.writers SET epoch = epoch + 1, holder = $3, url = NULL, backend = pg_backend_pid(), beat = $4,
        since = now() FROM lead WHERE name = 'main' AND is_mine RETURNING epoch`,
      values: [...locks.lead, holder, isHeld ? heldBeat : 0],
    })
    if (taken.rows.length > 0) return new Lead(client, Number(taken.rows[0].epoch), await newestPartition(client, day))
    const { rows } = await client.query({
      name: 'see-leader',
      text: `SELECT holder, url, epoch, beat, backend FROM shrike.writers WHERE name = 'main'`,
    })
    const [leader] = rows
    return { ...leader, epoch: Number(leader.epoch), beat: Number(leader.beat) }
  }

  /** @throws LeadLost */
  async append(rows: Rows): Promise<void> {
    await appendRows(this.client, this.#epoch, rows)
  }

  /** Shows that this process is alive, and sees whether it still leads. @throws LeadLost */
  async beat(): Promise<void> {
    const { rowCount } = await this.client.query({
      name: 'beat',
      text: `UPDATE shrike.writers SET beat = beat + 1 WHERE name = 'main' AND epoch = $1`,
      values: [this.#epoch],
    })
    if (rowCount !== 1) throw new LeadLost()
  }

  /** Says where this process takes requests. */
  async announce(url: string): Promise<void> {
    await this.client.query(`UPDATE shrike.writers SET url = $1 WHERE name = 'main' AND epoch = $2`, [url, this.#epoch])
  }

  /**
   * Each day's records are a partition, which ends when the first of another day come.
   *
   * @returns false where somebody reads the table meanwhile, as a dump does: then it goes on for the time being.
   */
  async turnPartition(next: number, day: string): Promise<boolean> {
    const { first, day: begun } = this.#partition
    if (day <= begun) return true
    if (next > first) {
      if (!(await this.#changeTable(`${endPartition(first, next)}; ${addPartition(next, day)}`))) return false
    } else await this.client.query('UPDATE shrike.partitions SET day = $1 WHERE first = $2', [day, first])
    this.#partition = { first: Math.max(next, first), day }
    return true
  }

  /** Ends the newest partition before a number, within a transaction of the caller's. */
  async splitPartition(next: number, day: string): Promise<void> {
    const { first } = this.#partition
    await this.client.query(`${endPartition(first, next)}; ${addPartition(next, day)}`)
    this.#partition = { first: next, day }
  }

  /**
   * Drops partitions whose records are all to be let go; the rest of a partition goes when all of it may.
   *
   * @returns false where somebody reads them: they are there for the time being.
   */
  async prune(through: number): Promise<boolean> {
    const { rows } = await this.client.query('SELECT first FROM shrike.partitions ORDER BY first')
    const firsts = rows.map(({ first }) => Number(first))
    for (const [i, first] of firsts.entries()) {
      const next = firsts[i + 1]
      if (next === undefined || next - 1 > through) return true
      const drop = `DROP TABLE ${partitionName(first)}; DELETE FROM shrike.partitions WHERE first = ${first}`
      if (!(await this.#changeTable(drop))) return false
    }
    return true
  }

  /** Nobody reads or writes the table meanwhile; who reads it for long is not waited for, and holds up no commit. */
  async #changeTable(statements: string): Promise<boolean> {
    try {
      await this.client.query(`BEGIN; SET LOCAL lock_timeout = '${tableWithinMs}ms'; ${statements}; COMMIT`)
      return true
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => {})
      if (refusalCode(error) === lockNotAvailable) return false
      throw error
    }
  }

  /** Leaves nothing of persons who were forgotten in the table. What the server's own log and backups hold is the operator's. */
  async leaveNoTraces(): Promise<void> {
    await this.client.query('VACUUM shrike.persons')
  }

  async newest(): Promise<Pick<HashedRecord, 'sequence' | 'hash'> | undefined> {
    return await hashAt(this.client)
  }

  async end(): Promise<void> {
    await this.client.end()
  }
}

/** Whether the connection, and so the lead, may be gone. */
export function isLost(error: unknown): boolean {
  return error instanceof LeadLost || !isRefusal(error)
}

/** Ends the connection of one who shows no life and still has the lock, as a process does that was stopped or cut off. */
export async function endLeader(client: Session, { backend, epoch }: SeenLeader): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(backend) FROM shrike.writers WHERE name = 'main' AND backend = $1 AND epoch = $2`,
    [backend, epoch],
  )
}

async function newestPartition(client: Session, day: string): Promise<Lead['partition']> {
  const { rows } = await client.query(
    `SELECT first, to_char(day, 'YYYY-MM-DD') AS day FROM shrike.partitions ORDER BY first DESC LIMIT 1`,
  )
  if (rows.length > 0) return { first: Number(rows[0].first), day: String(rows[0].day) }
  await client.query(`BEGIN; ${addPartition(1, day)}; COMMIT`)
  return { first: 1, day }
}
