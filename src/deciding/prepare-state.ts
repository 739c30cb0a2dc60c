import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { inSlices, type Steps } from '../core/time-slices.ts'
import type { Sequenced } from '../log/log-record.ts'
import type { Snapshot } from '../log/snapshots.ts'
import { refuseCardKey } from './card-key.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import { columnsBefore, historyColumns, LostHistories, refuseLosses } from './lost-histories.ts'
import { type MakeElsewhere, makeState, type StateOrder } from './make-state.ts'
import { Rebuild } from './rebuild.ts'
import { makesNone } from './remake.ts'
import type { ServiceLog } from './service-log.ts'
import type { Standing } from './standing.ts'
import { findRemake, type StandingPart } from './standing-part.ts'

export interface PrepareOptions {
  readonly log: Pick<ServiceLog, 'reading'>
  readonly logger: Logger
  /** Tells the key of hashes of card numbers; undefined where there is no key. */
  readonly cardKeyCheck?: string | undefined
  readonly maxHistoryBytes: number
  /** How long records are kept; undefined: for ever. */
  readonly retainMs: number | undefined
  /** The newest snapshot that serves. */
  readonly findSnapshot: (inForce: DetectorInForce) => Snapshot | undefined
  /** Makes histories beside decisions; without it they are made between them. */
  readonly makeElsewhere?: MakeElsewhere | undefined
}

/** How far a detector that is to take over has come in the log. */
export interface TakeoverProgress {
  readonly records: number
  readonly of: number
}

export interface PrepareOrder {
  /** What decides meanwhile; undefined where nothing does. */
  readonly standing: Standing | undefined
  /** Whether all is made of the log, whatever of it stands. */
  readonly isWhole: boolean
  /** Whether histories may lack what the log can't give. */
  readonly acceptsLosses: boolean
  readonly onProgress: (progress: TakeoverProgress) => void
  /** Ends it. */
  readonly signal: AbortSignal
}

/** What the log's records make for a detector, but for those that came in the last moments. */
export interface PreparedState {
  readonly rebuild: Rebuild
  readonly lost: LostHistories
  /** What of it goes on as it stands; undefined where all was made. */
  readonly goesOn: StandingPart | undefined
  /** Records that were read which hold parts of a newer version, by part. */
  readonly unread: Readonly<Record<string, number>>
}

/** Records that go in between two looks at the clock. */
const recordsAtOnce = 50
/** How often all is made again where retention deletes records before they were read. */
const mostAttempts = 3

/**
 * Makes what a takeover needs of the log, while whatever decides goes on.
 *
 * @throws FraudError HISTORIES_LOST, LOG_INVALID, LOG_MISMATCH, LOG_TOO_NEW; NOT_READY where it was ended
 */
export async function prepareState(
  inForce: DetectorInForce,
  options: PrepareOptions,
  order: PrepareOrder,
): Promise<PreparedState> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await prepareOnce(inForce, options, order)
    } catch (error) {
      if (order.signal.aborted) throw new FraudError('NOT_READY', 'The service is shutting down', { cause: error })
      if (!(error instanceof FraudError) || error.code !== 'LOG_PRUNED' || attempt === mostAttempts) throw error
      options.logger.warn(
        { reason: error.message },
        'records were deleted before they were read: histories are made again',
      )
    }
  }
}

async function prepareOnce(
  inForce: DetectorInForce,
  options: PrepareOptions,
  order: PrepareOrder,
): Promise<PreparedState> {
  const { log, cardKeyCheck, maxHistoryBytes, retainMs } = options
  const { reading } = log
  const { acceptsLosses, signal, standing } = order
  const afterTurn = () => signal.throwIfAborted()
  if (!acceptsLosses) refuseCardKey(inForce, cardKeyCheck, reading)
  const lost = new LostHistories({ ...inForce, cardKeyCheck }, reading)
  await inSlices(lost.steps(), afterTurn)
  const before = columnsBefore(reading)
  if (!acceptsLosses) refuseLosses(lost.lossesSince(before))
  const freshColumns = [...historyColumns(inForce).keys()].filter((column) => !before.has(column))
  const onProgress = (records: number) => order.onProgress({ records, of: reading.lastSequence() })
  const remake = standing === undefined || order.isWhole ? undefined : findRemake(inForce, standing, reading)
  const made = { freshColumns, options: { maxBytes: maxHistoryBytes, retainMs, remake }, onProgress }
  const isElsewhere = standing !== undefined && options.makeElsewhere !== undefined
  const isMade = remake === undefined || !makesNone(remake)
  const make = isElsewhere && isMade ? takeOver : makeHere
  const { rebuild, empty, unread, ...rest } = await make(inForce, options, made, signal)
  if (!rest.agrees) return await prepareOnce(inForce, options, { ...order, isWhole: true })
  if (!acceptsLosses) refuseLosses(empty)
  await inSlices(catchUp(rebuild), afterTurn)
  await inSlices(lost.steps(), afterTurn)
  const goesOn = standing && remake && { projections: standing.projections, remake }
  return { rebuild, lost, goesOn, unread: unread ?? reading.unread }
}

/** Takes in what has come meanwhile. */
export function* catchUp(rebuild: Rebuild, onRecord?: (record: Sequenced) => void): Steps {
  while (rebuild.step(undefined, onRecord, recordsAtOnce)) yield
}

async function makeHere(
  inForce: DetectorInForce,
  { log, logger, findSnapshot }: PrepareOptions,
  order: StateOrder,
  signal: AbortSignal,
) {
  const snapshot = order.options.remake === undefined ? findSnapshot(inForce) : undefined
  const steps = makeState(inForce, log.reading, snapshot, { ...order, recordsAtOnce }, logger)
  return { ...(await inSlices(steps, () => signal.throwIfAborted())), unread: undefined }
}

/** What a thread made is put into projections here, as a snapshot is. */
async function takeOver(
  inForce: DetectorInForce,
  { log, makeElsewhere }: PrepareOptions,
  order: StateOrder,
  signal: AbortSignal,
) {
  if (makeElsewhere === undefined) throw new Error('there is no thread that makes histories')
  const { snapshot, ...rest } = await makeElsewhere(inForce.detector, order, signal)
  const steps = Rebuild.begin(inForce, log.reading, snapshot, order.options)
  return { ...rest, rebuild: await inSlices(steps, () => signal.throwIfAborted()) }
}
