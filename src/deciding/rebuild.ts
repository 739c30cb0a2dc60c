import { inflateSync } from 'node:zlib'
import { FraudError } from '../core/errors.ts'
import { atOnce, type Steps } from '../core/time-slices.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { History } from '../features/history.ts'
import type { LogReading, TransactionRecord } from '../log/decision-log.ts'
import type { CarriedPart, Sequenced } from '../log/log-record.ts'
import { aboutOf, type Projection } from '../log/projection.ts'
import type { Snapshot, SnapshotPart } from '../log/snapshots.ts'
import { type HistoryMaker, RecordTransactions } from './detector-in-force.ts'
import { createProjections, listOf, type ProjectionOptions, type Projections, remadeOf } from './projections.ts'
import type { Remake } from './remake.ts'

type Carried = ReturnType<LogReading['carried']>

/** What of a log it takes to make all of it again. */
type ReplayedLog = Pick<LogReading, 'next' | 'at' | 'definition' | 'prunedThrough' | 'carried' | 'lastSequence'>

/** What is seen of each transaction that histories take in. */
export type OnTransaction = (record: TransactionRecord, transaction: Transaction, histories: readonly History[]) => void

interface Behind {
  readonly projection: Projection
  /** The last record that is in it. */
  readonly through: number
}

/**
 * What the log's records make: of a snapshot, if there is one that serves, and the records behind it; a group of records at
 * a time, so that its caller can do other things in between.
 */
export class Rebuild {
  readonly projections: Projections
  /** Parts of the snapshot that only a newer version knows. */
  readonly unknownParts: readonly string[]
  /** Projections that the snapshot lacks: the log is gone through for them. */
  readonly missingParts: readonly string[]
  /** Whether histories are made from the log alone. */
  readonly makesHistories: boolean
  readonly #all: readonly Behind[]
  readonly #reading: ReplayedLog
  readonly #loading: Steps
  #sequence: number

  /** As the constructor, in steps, for those who have other things to do beside. */
  static *begin(...args: ConstructorParameters<typeof Rebuild>): Steps<Rebuild> {
    const [inForce, reading, snapshot, options, isForRows] = args
    const rebuild = new Rebuild(inForce, reading, snapshot, options, isForRows, false)
    yield* rebuild.#loading
    return rebuild
  }

  /** @param isForRows whether amounts are used beside histories, too. @throws FraudError SNAPSHOT_INVALID */
  constructor(
    inForce: HistoryMaker,
    reading: ReplayedLog,
    snapshot: Snapshot | undefined,
    options: ProjectionOptions,
    isForRows = false,
    loadsAtOnce = true,
  ) {
    this.#reading = reading
    this.projections = createProjections(inForce, new RecordTransactions(inForce, reading, isForRows), options)
    const { remake } = options
    const known = listOf(this.projections)
    const all = remake === undefined ? known : remadeOf(this.projections, remake)
    const serves = ({ name, version }: Projection) =>
      snapshot?.partsHeld.some((held) => held.name === name && held.version <= version) === true
    // What is made from the log reads what those before it made of each record.
    const made = all.findLastIndex((projection) => !serves(projection)) + 1
    const pruned = reading.prunedThrough()
    this.#all = all.map((projection, i) => ({
      projection,
      through: i < made ? pruned : (snapshot?.sequence ?? pruned),
    }))
    this.#sequence = Math.min(
      ...(all.length === 0 ? [reading.lastSequence()] : this.#all.map(({ through }) => through)),
    )
    const place = all.indexOf(this.projections.histories)
    this.makesHistories = place >= 0 && made > place
    this.missingParts = snapshot === undefined ? [] : all.slice(0, made).map(({ name }) => name)
    const held = snapshot?.partsHeld.map(({ name }) => name) ?? []
    this.unknownParts = held.filter((name) => !known.some((each) => each.name === name && serves(each)))
    refuseUnknown(known, reading.carried())
    this.#loading = loadAll(all.slice(0, made), reading, all.slice(made), snapshot)
    if (loadsAtOnce) atOnce(this.#loading)
  }

  /**
   * What was made, as a snapshot holds it.
   *
   * @param remake where more was made than is asked for.
   */
  savedParts(remake: Remake | undefined): readonly SnapshotPart[] {
    const { histories } = this.projections
    return this.#all.map(({ projection: each }) => {
      const chunks = each === histories ? histories.save(remake) : each.save()
      return { name: each.name, version: each.version, chunks }
    })
  }

  /** The last record that went in. */
  get sequence(): number {
    return this.#sequence
  }

  /**
   * Takes the next records in, at most so many; false once there are no more.
   *
   * @param onTransaction sees each transaction before labels that waited for it take effect.
   * @throws FraudError LOG_INVALID or LOG_MISMATCH; LOG_PRUNED where retention has deleted records that were still to go in
   */
  step(onTransaction?: OnTransaction, onRecord?: (record: Sequenced) => void, most?: number): boolean {
    if (this.#reading.prunedThrough() > this.#sequence) throw prunedMeanwhile()
    const records = this.#reading.next(this.#sequence, most)
    for (const record of records) {
      onRecord?.(record)
      this.#take(record, onTransaction)
      this.#sequence = record.sequence
    }
    return records.length > 0
  }

  #take(record: Sequenced, onTransaction: OnTransaction | undefined): void {
    const about = aboutOf(record, this.#reading)
    for (const { projection, through } of this.#all) {
      if (record.sequence <= through) continue
      if (projection === this.projections.histories) this.#show(record, onTransaction)
      takeOrTell(projection, record, about)
    }
  }

  #show(record: Sequenced, onTransaction: OnTransaction | undefined): void {
    if (onTransaction === undefined || (record.kind !== 'decision' && record.kind !== 'history')) return
    const begun = this.projections.histories.beginLogged(record, record.sequence)
    if (begun !== undefined) onTransaction(record, begun.transaction, begun.histories)
  }
}

function prunedMeanwhile(): FraudError {
  const message = 'Retention has deleted records of the log before they were read: read it again from its beginning'
  return new FraudError('LOG_PRUNED', message)
}

/** @throws FraudError that names the record, where what it makes can't be computed: nothing may go on without it. */
function takeOrTell(projection: Projection, record: Sequenced, about: ReturnType<typeof aboutOf>): void {
  try {
    projection.take(record, record.sequence, about)
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    const message = `The log's record ${record.sequence}, of the kind ${record.kind}, can't be applied to the part ${projection.name} of what the log makes`
    throw new FraudError('LOG_INVALID', message, { cause })
  }
}

/**
 * Starts a rebuild with a snapshot; where a part of that turns out to be damaged, all of it is refused, and the log makes
 * everything again.
 */
export function* startRebuild(
  snapshot: Snapshot | undefined,
  start: (snapshot: Snapshot | undefined) => Steps<Rebuild>,
  onRefused: (error: FraudError) => void,
): Steps<Rebuild> {
  try {
    return yield* start(snapshot)
  } catch (error) {
    if (!(error instanceof FraudError) || error.code !== 'SNAPSHOT_INVALID' || snapshot === undefined) throw error
    onRefused(error)
    return yield* start(undefined)
  }
}

function* loadAll(
  carried: readonly Projection[],
  reading: ReplayedLog,
  saved: readonly Projection[],
  snapshot: Snapshot | undefined,
): Steps {
  yield* loadingCarried(carried, reading.carried())
  if (snapshot !== undefined) yield* load(saved, snapshot.parts())
}

/**
 * Puts what a checkpoint carries into the projections that it is of.
 *
 * @throws FraudError LOG_INVALID where it is something else.
 */
export function loadCarried(projections: readonly Projection[], carried: Carried): void {
  atOnce(loadingCarried(projections, carried))
}

function* loadingCarried(projections: readonly Projection[], carried: Carried): Steps {
  for (const projection of projections) {
    const part = carried[projection.name]
    if (part === undefined) continue
    try {
      yield* projection.load([stateOf(part)], part.version)
    } catch (cause) {
      if (!(cause instanceof FraudError) || cause.code !== 'SNAPSHOT_INVALID') throw cause
      throw new FraudError('LOG_INVALID', `The log's checkpoint can't be read: its part ${projection.name}`, { cause })
    }
  }
}

function stateOf({ state, isDeflated }: CarriedPart): Uint8Array {
  const bytes = Buffer.from(state, 'base64')
  if (!isDeflated) return bytes
  try {
    return inflateSync(bytes)
  } catch (cause) {
    throw new FraudError('SNAPSHOT_INVALID', 'It can not be inflated', { cause })
  }
}

/** What records that are gone had made can't be made again, so none of it may be passed over. */
function refuseUnknown(projections: readonly Projection[], carried: Carried): void {
  for (const [name, { version }] of Object.entries(carried)) {
    if (projections.some((projection) => projection.name === name && projection.version >= version)) continue
    const message = `The log's checkpoint carries ${name} of version ${version}, which this version does not know: a newer Shrike wrote it`
    throw new FraudError('LOG_TOO_NEW', message)
  }
}

/** Parts of others are passed over. */
function* load(projections: readonly Projection[], parts: Iterable<SnapshotPart>): Steps {
  const left = new Map(projections.map((projection) => [projection.name, projection]))
  for (const { name, version, chunks } of parts) {
    const projection = left.get(name)
    if (projection !== undefined) yield* projection.load(chunks, version)
    left.delete(name)
  }
  const [lacking] = left.keys()
  if (lacking !== undefined) throw new FraudError('SNAPSHOT_INVALID', `A snapshot lacks its part ${lacking}`)
}
