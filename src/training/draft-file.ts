import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import type { Progress } from '../core/progress.ts'
import { showValue } from '../core/show-value.ts'
import { formatYamlBriefly } from '../core/yaml-file.ts'
import type { BadRows } from '../data/bad-rows.ts'
import { type DetectorDraft, draftDetector } from '../data/draft-detector.ts'
import { formatOfInput } from '../data/file-format.ts'
import { findLabel, isNumberByName } from '../data/infer-detector.ts'
import { isCode, knownKeyOf } from '../data/key-names.ts'
import { labelsAllowed, otherWords, withNumericLabel } from '../data/label-column.ts'
import { openTables } from '../data/read-table.ts'
import type { Column, Table } from '../data/table.ts'
import { parseDetector } from '../detector/detector.ts'
import { kindNames } from '../features/declare-features.ts'
import { compileDetector } from '../features/feature-set.ts'
import { detectorName } from './find-detector.ts'
import { type InputRequest, nameOf, readFileTable, readOptions } from './read-input.ts'

/** Drafts a detector of a file, which is accepted by everything that takes detectors. */
export async function draftOf(
  file: string,
  request: InputRequest,
  run: Progress,
): Promise<{ readonly draft: DetectorDraft; readonly table: Table; readonly badRows: BadRows }> {
  const { table: read, badRows } = await readFileTable(file, request, run, {
    columns: { ...(await keyColumns(file, request, run)), ...readOptions(request, run).columns },
    required: request.text ?? [],
  })
  const label = findLabel(read, request.label)
  if (label !== undefined) refuseOtherWords(file, read, label, request.badRows === 'skip')
  const table = label === undefined ? read : withNumericLabel(read, label)
  const draft = draftDetector(table, detectorName(file), run.nowMs(), {
    ...(request.label !== undefined && { label: request.label }),
    ...(request.time !== undefined && { time: request.time }),
    ...(request.timeFormat !== undefined && { timeFormat: request.timeFormat }),
    ignore: request.ignore ?? [],
    reserved: kindNames,
    isSkippingBadRows: request.badRows === 'skip',
  })
  compileDetector(parseDetector(draft.detector))
  return { draft, table, badRows }
}

/**
 * Keys, codes and the label are texts, as detectors read them: card numbers of 19 digits come late in a file, 150.0 is not 150, and
 * 00188 is not 188.
 */
async function keyColumns(file: string, request: InputRequest, run: Progress): Promise<Record<string, 'text'>> {
  if (file === '-' || formatOfInput(file) !== 'csv') return {}
  const reading = { ...readOptions(request, run), badRows: 'skip', others: 'text', rowsPerTable: 10_000 } as const
  const { tables } = openTables(file, reading)
  for await (const table of tables) {
    const label = findLabel(table, request.label)
    const found = table.columns.filter(
      (column) => column.name === label || knownKeyOf(column.name) || isCode(column.name) || areCodes(column, request),
    )
    return Object.fromEntries(found.map(({ name }) => [name, 'text' as const]))
  }
  return {}
}

/** Digits behind a zero name something, unless their column is known to be one of numbers. */
function areCodes(column: Column, { time }: InputRequest): boolean {
  if (column.kind !== 'text' || column.name === time || isNumberByName(column.name)) return false
  return column.dictionary.some((text) => /^0\d+$/.test(text))
}

/** A label in other words would be a table without labels. A few such words are bad rows. */
function refuseOtherWords(file: string, table: Table, label: string, isSkippingBadRows: boolean): void {
  const words = otherWords(table, label)
  const rows = [...words.values()].reduce((sum, count) => sum + count, 0)
  if (rows === 0 || (isSkippingBadRows && rows <= 0.1 * table.rowCount)) return
  const shown = [...words.keys()].slice(0, 5).map((word) => `"${showValue(word)}"`)
  const more = words.size > shown.length ? ' and others' : ''
  throw new FraudError(
    'DATA_INVALID',
    `${nameOf(file)}: ${rows === 1 ? '1 row has' : `${rows.toLocaleString('en')} rows have`} ${shown.join(', ')}${more} in "${showValue(label)}", which is not a label: ${labelsAllowed}, or such a word in another language (ja, oui, sí, Betrug, fraude, frode, ok). Write 1 for fraud and 0 for others there, or name another column with ${option('label')}`,
  )
}

const mostShown = 50

/** The draft as a file, with what its reader should know as comments. */
export function formatDraft({ detector, leftOut, unsure }: DetectorDraft, source: string): string {
  const comment = (text: string) => `# ${text.replace(/[\r\n]+/g, ' ')}`
  const shown = leftOut
    .slice(0, mostShown)
    .map(({ column, reason }) => comment(`  ${column || '(no name)'}: ${reason}`))
  const more = leftOut.length > mostShown ? [comment(`  and ${leftOut.length - mostShown} more`)] : []
  const lines = [
    comment(
      `Drafted from ${source} by shrike init: look it over, change what you know better, and train with ${option('detector')}.`,
    ),
    ...(unsure.length > 0 ? ['#', comment('What is uncertain:'), ...unsure.map((each) => comment(`- ${each}`))] : []),
    '',
  ]
  const parts = formatYamlBriefly(detector).replace(/^ {2}(\w+):/gm, (line, name: string) =>
    name in why ? `  # ${why[name]}\n${line}` : line,
  )
  const left = leftOut.length > 0 ? ['', comment('Left out:'), ...shown, ...more, ''] : []
  return `${lines.join('\n')}${parts}${left.join('\n')}`
}

/** What the parts of a transaction are for. */
const why: Readonly<Record<string, string>> = {
  id: 'The id of each transaction, by which its decision is found.',
  time: 'When the transaction took place.',
  amount: 'The amount; with digits, sums are exact.',
  keys: 'The keys that histories belong to.',
  optionalKeys: 'Keys that some transactions lack by nature.',
  fields: 'Other columns that features use.',
  position: 'Where the transaction took place, in degrees.',
  label: 'Whether it was fraud, and how late that is known.',
  personal: 'Keys that identify a person: they are kept as random tokens, so the person can be erased.',
  notCardNumber: 'Long references that only look like card numbers.',
  hashCardNumber: 'Card numbers: they are replaced by a hash with SHRIKE_CARD_KEY.',
}
