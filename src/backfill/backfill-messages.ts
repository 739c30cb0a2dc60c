import type { Logger } from '../core/logger.ts'
import type { StateOfThread, StateOrder } from '../deciding/make-state.ts'
import type { Detector } from '../detector/detector.ts'
import type { PartHeld, SnapshotHeader } from '../log/snapshots.ts'
import type { SnapshotPlace } from './find-snapshot.ts'

/** What the thread is told at its start. */
export interface BackfillData extends Omit<StateOrder, 'onProgress' | 'onRecord'> {
  readonly logPath: string
  readonly place: SnapshotPlace
  readonly detector: Detector
  /** Where compiled code is kept; undefined where it is not. */
}

/** What it says: lines for the service's log, how far it is, and then what it made, part by part. */
export type BackfillMessage =
  | {
      readonly kind: 'log'
      readonly level: Exclude<keyof Logger, 'isLevelEnabled'>
      readonly line: readonly [object, string]
    }
  | { readonly kind: 'progress'; readonly sequence: number }
  | { readonly kind: 'part'; readonly part: PartHeld }
  /** Of the part before it. */
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | ({ readonly kind: 'made'; readonly header: SnapshotHeader } & Omit<StateOfThread, 'snapshot'>)
