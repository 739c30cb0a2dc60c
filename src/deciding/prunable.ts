import { deflateSync } from 'node:zlib'
import type { LogReading } from '../log/decision-log.ts'
import type { CarriedPart, CheckpointRecord } from '../log/log-record.ts'
import { aboutOf, type Projection } from '../log/projection.ts'
import { type HistoryMaker, RecordTransactions } from './detector-in-force.ts'
import { createProjections, listOf } from './projections.ts'
import { loadCarried } from './rebuild.ts'

/** Records that may be let go of: through which number, and what a checkpoint has to carry of them. */
export interface Prunable {
  readonly through: number
  readonly carried: NonNullable<CheckpointRecord['carried']>
}

type PrunableLog = LogReading & { lastBefore(timestampMs: number): number }

/**
 * What may be let go of before a time; undefined where there is nothing. Takes as long as it takes to read those records,
 * so it is asked for beside the service.
 *
 * @param safeThrough the last record that every snapshot holds.
 */
export function findPrunable(
  reading: PrunableLog,
  inForce: HistoryMaker,
  cutoffMs: number,
  safeThrough: number,
): Prunable | undefined {
  const through = Math.min(reading.lastBefore(cutoffMs), safeThrough)
  if (through <= reading.prunedThrough()) return undefined
  return { through, carried: carriedThrough(reading, inForce, through) }
}

/** What the records through a number, those that are gone already included, have made that has to outlive them. */
function carriedThrough(reading: PrunableLog, inForce: HistoryMaker, through: number): Prunable['carried'] {
  const projections = createProjections(inForce, new RecordTransactions(inForce, reading), {})
  const outliving = listOf(projections).filter(({ isCarried }) => isCarried !== undefined)
  loadCarried(outliving, reading.carried())
  for (let sequence = reading.prunedThrough(); sequence < through; ) {
    const records = reading.next(sequence).filter((record) => record.sequence <= through)
    for (const record of records) {
      const about = aboutOf(record, reading)
      for (const projection of outliving) projection.take(record, record.sequence, about)
    }
    sequence = records.at(-1)?.sequence ?? through
  }
  for (const projection of outliving) projection.letGo?.(through)
  const parts = outliving.filter((projection) => projection.isCarried?.())
  return Object.fromEntries(parts.map((projection) => [projection.name, carry(projection)]))
}

/** Smaller parts are as versions before this one read them. */
const leastDeflatedBytes = 1024 * 1024

/** What a list of a million entries makes is a fraction of its size when it is deflated. */
function carry(projection: Projection): CarriedPart {
  const { version } = projection
  const state = Buffer.concat([...projection.save()])
  if (state.length < leastDeflatedBytes) return { version, state: state.toString('base64') }
  return { version, state: deflateSync(state).toString('base64'), isDeflated: true }
}
