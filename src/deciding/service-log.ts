import type { Beside, DecisionLog, LogReading } from '../log/decision-log.ts'
import type { LogRecord } from '../log/log-record.ts'

/** The log as the service needs it: appending, reading, and what keeps it short. */
export interface ServiceLog extends DecisionLog {
  readonly reading: LogReading & {
    hashAt(sequence: number): Uint8Array | undefined
    lastBefore(timestampMs: number): number
  }
  prune(through: number): void
  erase(key: string, value: string, erasedAtMs: number, by: string): Promise<string | undefined>
  close(): Promise<void>
}

/** Appends a record; resolves with its number once it is durable. */
export function appendDurably(log: DecisionLog, record: LogRecord, beside?: Beside): Promise<number> {
  return new Promise((resolve, reject) => {
    const sequence = log.append(record, (error) => (error ? reject(error) : resolve(sequence)), beside)
  })
}
