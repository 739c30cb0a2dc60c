import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import type { BadRow } from '../data/bad-rows.ts'
import { rejectedRows } from '../data/rejected-rows.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import type { ReadingFlags } from './read-input.ts'
import { type ForceFlag, replaceOutput } from './replace-output.ts'

/** What --rejects writes, to be asked for before any work; refused where no row is left out. */
export function rejectsOf({ rejects, badRows }: ReadingFlags): { readonly '--rejects': string | undefined } {
  if (rejects !== undefined && badRows !== 'skip') {
    throw new FraudError('OPTION_INVALID', '--rejects goes with --bad-rows skip')
  }
  return { '--rejects': rejects }
}

/** Writes the rows that were left out of a file to where --rejects says, if it does; with none, a header alone. */
export async function writeRejects(
  file: string,
  rows: readonly BadRow[],
  flags: ReadingFlags & ForceFlag,
  run: Progress,
): Promise<void> {
  const { rejects, encoding } = flags
  if (rejects === undefined) return
  // They hold what the file holds of persons.
  const ownerOnly = 0o600
  const content = () => rejectedRows(file, rows, { ...(encoding && { encoding }), signal: run.signal })
  await replaceOutput(rejects, flags, run, () => writeFileAtomically(rejects, content(), ownerOnly))
  if (rows.length > 0) run.note(`  the rows that were left out, with why: ${rejects}`)
}
