import { FraudError } from '../core/errors.ts'
import { option, optionInvalid } from '../core/option.ts'
import type { Progress } from '../core/progress.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import type { LabelledRows } from '../training/labelled-rows.ts'
import { type LossRequest, loggedRows } from '../training/logged-rows.ts'
import { type InputRequest, refuseReading } from '../training/read-input.ts'
import { type DataFlags, openLog } from './log-files.ts'

interface SourceFlags extends InputRequest, LossRequest, DataFlags {
  readonly fromLog?: boolean
}

/**
 * Labelled rows of a file, or with --from-log of the log of the data directory.
 *
 * @param own the detector that rows of a log are wanted for, in place of the one that the flags name.
 */
export function readFileOrLog(
  file: string | undefined,
  flags: SourceFlags,
  run: Progress,
  readFile: (file: string) => Promise<LabelledRows>,
  own?: LocatedDetector,
): Promise<LabelledRows> {
  if (flags.fromLog !== true) {
    if (flags.policyFeatures === true) throw optionInvalid('policyFeatures', `is of a log: use ${option('fromLog')}`)
    if (file !== undefined) return readFile(file)
    throw new FraudError('OPTION_INVALID', 'Name a FILE of labelled transactions, or use --from-log')
  }
  if (file !== undefined) throw new FraudError('OPTION_INVALID', `--from-log reads the log, and ${file} is a file`)
  refuseReading(flags)
  if (flags.weightColumn !== undefined)
    throw optionInvalid('weightColumn', 'is only for files: the rows of a log are weighed by its control group')
  const reader = openLog(flags)
  return loggedRows(reader, flags.data, flags, run, own).finally(() => reader.close())
}
