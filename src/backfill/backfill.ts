import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { startWorker } from '../core/start-worker.ts'
import { asFraudError } from '../core/thread-pool.ts'
import { workerScript } from '../core/worker-script.ts'
import type { MakeElsewhere, StateOfThread } from '../deciding/make-state.ts'
import type { PartHeld, Snapshot, SnapshotHeader, SnapshotPart } from '../log/snapshots.ts'
import type { BackfillData, BackfillMessage } from './backfill-messages.ts'
import type { SnapshotPlace } from './find-snapshot.ts'

/** Makes histories of a log by a thread of its own, at the lowest priority, so that decisions being made don't wait for it. */
export function createBackfill(logPath: string, place: SnapshotPlace, logger: Logger): MakeElsewhere {
  return (detector, { onProgress, onRecord: _, ...order }, signal) => {
    const data: BackfillData = { logPath, place, detector, ...order }
    const worker = startWorker(workerScript('./backfill-worker', import.meta.url), { workerData: data })
    const end = () => void worker.terminate()
    signal.addEventListener('abort', end)
    const parts: GatheredPart[] = []
    return new Promise<StateOfThread>((resolve, reject) => {
      worker.on('message', (message: BackfillMessage) => {
        switch (message.kind) {
          case 'log':
            logger[message.level](...message.line)
            break
          case 'progress':
            onProgress(message.sequence)
            break
          case 'part':
            parts.push({ ...message.part, chunks: [] })
            break
          case 'chunk':
            parts.at(-1)?.chunks.push(message.bytes)
            break
          case 'made':
            resolve({ ...message, snapshot: snapshotOf(message.header, parts) })
        }
      })
      worker.once('error', (error) => reject(asFraudError(error)))
      worker.once('exit', () => reject(new FraudError('INTERRUPTED', 'The thread that makes histories has ended')))
      if (signal.aborted) end()
    }).finally(() => signal.removeEventListener('abort', end))
  }
}

interface GatheredPart extends PartHeld {
  readonly chunks: Uint8Array[]
}

/** What was handed over, which is let go of as it is read: it can be read once. */
function snapshotOf(header: SnapshotHeader, gathered: readonly GatheredPart[]): Snapshot {
  const partsHeld = gathered.map(({ name, version }) => ({ name, version }))
  function* parts(): Generator<SnapshotPart> {
    for (const { chunks, ...held } of gathered) yield { ...held, chunks: takeAll(chunks) }
  }
  return { ...header, partsHeld, parts }
}

function* takeAll(chunks: Uint8Array[]): Generator<Uint8Array> {
  chunks.reverse()
  for (let chunk = chunks.pop(); chunk !== undefined; chunk = chunks.pop()) yield chunk
}
