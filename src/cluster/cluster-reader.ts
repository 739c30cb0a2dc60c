import type { DetectorInForce } from '../deciding/detector-in-force.ts'
import { ReceivedTransactionReader } from '../detector/received-transaction.ts'

/** Names that the reader of transactions needs nothing behind: such detectors are refused. */
const nothingConcealed = {
  hashCardNumber: () => '',
  token: () => '',
}

/** Reads what callers send, for a detector. */
export function readerOf(
  { detector, features }: Pick<DetectorInForce, 'detector' | 'features'>,
  nowMs: () => number,
): ReceivedTransactionReader {
  return new ReceivedTransactionReader(detector, features.layout, nothingConcealed, nowMs)
}
