import { parentPort } from 'node:worker_threads'
import type { Logger } from '../core/logger.ts'
import { atOnce, createRests, resting } from '../core/time-slices.ts'
import { labelWaitMs } from '../deciding/history-projection.ts'
import { makeState } from '../deciding/make-state.ts'
import { makingAll } from '../deciding/remake.ts'
import { compileDetector } from '../features/feature-set.ts'
import { historiesFingerprint } from '../features/fingerprint.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import type { BackfillData, BackfillMessage } from './backfill-messages.ts'
import { findSnapshot } from './find-snapshot.ts'

/** What the thread does that makes histories of the log, while another one decides. */

/** So many records are read at once, without a rest. */
const recordsAtOnce = 250

/** Each message costs the thread that decides a little. */
const bytesAtOnce = 2 ** 20
const recordsPerMessage = 10_000

const say = (message: BackfillMessage, transfer: readonly ArrayBuffer[] = []) =>
  parentPort?.postMessage(message, [...transfer])

const logger: Logger = {
  isLevelEnabled: () => false,
  debug() {},
  info: (...line) => say({ kind: 'log', level: 'info', line }),
  warn: (...line) => say({ kind: 'log', level: 'warn', line }),
  error: (...line) => say({ kind: 'log', level: 'error', line }),
}

const rest = createRests()

export function makeBackfill({ logPath, place, detector, ...order }: BackfillData): void {
  const reader = new SqliteLogReader(logPath)
  try {
    const maker = { detector, features: compileDetector(detector) }
    const { remake } = order.options
    // A snapshot does not tell how long labels waited, which counts where they wait longer now.
    const mayServe = remake === undefined || remake.standingWaitMs === labelWaitMs(maker.features)
    const snapshot = mayServe ? findSnapshot(place, maker, reader, logger) : undefined
    const options = { ...order.options, remake: remake && snapshot ? makingAll(remake) : remake }
    let told = 0
    const onProgress = (sequence: number) => {
      if (sequence < told + recordsPerMessage) return
      told = sequence
      say({ kind: 'progress', sequence })
    }
    const whole = { ...order, options, recordsAtOnce, onProgress, onRecord: rest }
    const { rebuild, empty, agrees } = atOnce(resting(makeState(maker, reader, snapshot, whole, logger), rest))
    const { sequence } = rebuild
    for (const { chunks, ...part } of rebuild.savedParts(snapshot && remake)) {
      say({ kind: 'part', part })
      for (const bytes of joined(resting(chunks, rest))) say({ kind: 'chunk', bytes }, [bytes.buffer])
    }
    const hash = Buffer.from(reader.hashAt(sequence) ?? []).toString('hex')
    const header = { fingerprint: historiesFingerprint(detector, maker.features), sequence, hash }
    say({ kind: 'made', header, empty, agrees, unread: reader.unread })
  } finally {
    reader.close()
  }
}

/** The same bytes in larger pieces. */
function* joined(chunks: Iterable<Uint8Array>): Generator<Uint8Array<ArrayBuffer>> {
  let gathered: Uint8Array[] = []
  let length = 0
  const take = () => {
    const whole = new Uint8Array(length)
    let at = 0
    for (const chunk of gathered) {
      whole.set(chunk, at)
      at += chunk.length
    }
    gathered = []
    length = 0
    return whole
  }
  for (const chunk of chunks) {
    gathered.push(chunk)
    length += chunk.length
    if (length >= bytesAtOnce) yield take()
  }
  if (length > 0) yield take()
}
