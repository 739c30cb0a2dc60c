import type { Logger } from '../core/logger.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { CheckpointRecord, Definition } from '../log/log-record.ts'
import type { Decider } from './decider.ts'
import type { Prunable } from './prunable.ts'
import { leastRetentionMs } from './retention.ts'
import { appendDurably, type ServiceLog } from './service-log.ts'

export interface KeeperOptions {
  readonly log: ServiceLog
  readonly logger: Logger
  readonly clock: () => number
  readonly snapshotEvery: number
  readonly snapshotEveryMs: number
  /** How long records are kept; undefined: for ever. */
  readonly retainMs: number | undefined
  /** Takes a snapshot elsewhere, checks it, and says what may be let go of before a time, where one is given. */
  readonly takeSnapshot: (cutoffMs: number | undefined) => Promise<TakenSnapshot>
}

export interface TakenSnapshot {
  /** The last record that went into it. */
  readonly sequence: number
  readonly prunable?: Prunable | undefined
}

const tickMs = 1000

/** Takes snapshots as the log grows, and lets go of records that are no longer to be kept. */
export class Keeper {
  readonly #decider: Decider
  readonly #options: KeeperOptions
  readonly #startedAtMs: number
  readonly #timer: NodeJS.Timeout
  #snapshotting: Promise<void> | undefined
  #snapshotSequence = 0
  #snapshotAtMs: number | undefined
  #isClosing = false
  readonly snapshots = { ok: 0, failed: 0 }

  constructor(decider: Decider, options: KeeperOptions) {
    this.#decider = decider
    this.#options = options
    this.#startedAtMs = options.clock()
    this.#timer = setInterval(() => void this.#keep(), tickMs)
    this.#timer.unref()
  }

  /** When the newest snapshot was taken, as far as this process knows. */
  get snapshotAtMs(): number | undefined {
    return this.#snapshotAtMs
  }

  /** There is a snapshot up to this record: the next one is due when the log has grown from there. */
  found(sequence: number): void {
    this.#snapshotSequence = Math.max(this.#snapshotSequence, sequence)
  }

  /** Waits for a snapshot that is being taken, and takes no more. */
  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#timer)
    await this.#snapshotting
  }

  async #keep(): Promise<void> {
    const { snapshotEvery, snapshotEveryMs, clock } = this.#options
    if (this.#snapshotting !== undefined || !this.#decider.isReady || snapshotEvery === Number.POSITIVE_INFINITY) return
    const grown = this.#options.log.nextSequence - 1 - this.#snapshotSequence
    const isOld = clock() - (this.#snapshotAtMs ?? this.#startedAtMs) >= snapshotEveryMs
    if (grown < snapshotEvery && !(grown > 0 && isOld)) return
    this.#snapshotting = this.snapshot().finally(() => {
      this.#snapshotting = undefined
    })
    await this.#snapshotting
  }

  /** Takes a snapshot, and lets go of records that are no longer to be kept. */
  async snapshot(): Promise<void> {
    const { logger, takeSnapshot, clock } = this.#options
    try {
      const { sequence, prunable } = await takeSnapshot(this.#cutoffMs())
      this.#snapshotSequence = sequence
      this.#snapshotAtMs = clock()
      this.snapshots.ok += 1
      if (prunable !== undefined) await this.#retain(prunable)
    } catch (error) {
      if (this.#isClosing) return
      this.snapshots.failed += 1
      // Not at once again: what failed is likely to fail again.
      this.#snapshotSequence = this.#options.log.nextSequence - 1
      logger.error({ reason: error instanceof Error ? error.message : String(error) }, 'a snapshot could not be taken')
    }
  }

  /** Before which time nothing has to be kept; undefined where all is. */
  #cutoffMs(): number | undefined {
    const { retainMs, clock } = this.#options
    const state = this.#decider.state
    if (retainMs === undefined || state === undefined) return undefined
    const { newestMs } = state.projections.histories.histories
    return Math.min(clock() - retainMs, newestMs - leastRetentionMs(state.inForce))
  }

  async #retain({ through, carried }: Prunable): Promise<void> {
    const { clock, logger, log } = this.#options
    const { reading } = log
    const hash = through > reading.prunedThrough() ? reading.hashAt(through) : undefined
    if (hash === undefined) return
    const checkpoint: CheckpointRecord = {
      kind: 'checkpoint',
      prunedThrough: through,
      hash: Buffer.from(hash).toString('hex'),
      definitions: definitionsThrough(reading, through),
      ...(Object.keys(carried).length > 0 && { carried }),
      prunedAtMs: clock(),
    }
    await appendDurably(log, checkpoint)
    log.prune(through)
    logger.info({ through }, 'records past their retention are deleted')
  }
}

/** Definitions up to a number that records behind it may rest on: all that the log still knows. */
function definitionsThrough(reading: LogReading, through: number): Record<string, Definition> {
  const kept: Record<string, Definition> = {}
  for (const sequence of reading.definitionSequences()) {
    if (sequence > through) continue
    kept[sequence] = reading.definition(sequence)
  }
  return kept
}
