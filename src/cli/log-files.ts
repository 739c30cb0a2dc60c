import { existsSync } from 'node:fs'
import { inMemory, type LocatedDetector, parseDetector } from '../core/detector.ts'
import { FraudError } from '../core/errors.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { LogReader } from '../stores/sqlite/log-reader.ts'

export interface DataFlags {
  readonly data: string
}

/** Opens the log of a data directory for reading. Throws FILE_UNREADABLE where there is none. */
export function openLog({ data }: DataFlags): LogReader {
  const { logPath } = dataDirectory(data)
  if (existsSync(logPath)) return new LogReader(logPath)
  throw new FraudError('FILE_UNREADABLE', `There is no log in ${data}`)
}

/** The detector that was in force last. */
export function lastDetector(reader: LogReader): LocatedDetector {
  const last = reader.lastDefinition()
  if (last === undefined) throw new FraudError('LOG_INVALID', 'The log holds no definition: nothing was decided yet')
  return { detector: parseDetector(last.definition.detector), locate: inMemory }
}
