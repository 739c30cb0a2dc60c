import { option, optionInvalid } from '../core/option.ts'
import type { Progress } from '../core/progress.ts'
import type { BadRow } from '../data/bad-rows.ts'
import { rejectedRows } from '../data/rejected-rows.ts'
import type { ReadingRequest } from './read-input.ts'
import { type ForceRequest, replaceFile } from './replace-output.ts'

/** Where rows that are left out are written, to be asked for before any work; refused where none is left out. */
export function rejectsOf({ rejects, badRows }: ReadingRequest): string | undefined {
  if (rejects !== undefined && badRows !== 'skip') {
    throw optionInvalid('rejects', `goes with ${option('badRows')} skip`)
  }
  return rejects
}

/** Writes the rows that were left out of a file, where that was asked for; with none, a header alone. */
export async function writeRejects(
  file: string,
  rows: readonly BadRow[],
  request: ReadingRequest & ForceRequest,
  run: Progress,
): Promise<void> {
  const { rejects, encoding } = request
  if (rejects === undefined) return
  // They hold what the file holds of persons.
  const ownerOnly = 0o600
  const content = () => rejectedRows(file, rows, { ...(encoding && { encoding }), signal: run.signal })
  await replaceFile(rejects, content(), request, run, ownerOnly)
  if (rows.length > 0) run.note(`  the rows that were left out, with the reason: ${rejects}`)
}
