import type { Progress } from '../core/progress.ts'
import { formatYamlBriefly } from '../core/yaml-file.ts'
import type { BadRows } from '../data/bad-rows.ts'
import { type DetectorDraft, draftDetector } from '../data/draft-detector.ts'
import { formatOfInput } from '../data/file-format.ts'
import { findLabel } from '../data/infer-detector.ts'
import { isCode, knownKeyOf } from '../data/key-names.ts'
import { withNumericLabel } from '../data/label-column.ts'
import { openTables } from '../data/read-table.ts'
import type { Table } from '../data/table.ts'
import { parseDetector } from '../detector/detector.ts'
import { compileDetector, kindNames } from '../features/feature-set.ts'
import { detectorName } from './find-detector.ts'
import { type InputFlags, readFileTable, readOptions } from './read-input.ts'

/** Drafts a detector of a file, which is accepted by everything that takes detectors. */
export async function draftOf(
  file: string,
  flags: InputFlags,
  run: Progress,
): Promise<{ readonly draft: DetectorDraft; readonly table: Table; readonly badRows: BadRows }> {
  const { table: read, badRows } = await readFileTable(file, flags, run, {
    columns: { ...(await keyColumns(file, flags, run)), ...readOptions(flags, run).columns },
    required: [],
  })
  const label = findLabel(read, flags.label)
  const table = label === undefined ? read : withNumericLabel(read, label)
  const draft = draftDetector(table, detectorName(file), run.nowMs(), {
    ...(flags.label !== undefined && { label: flags.label }),
    ...(flags.time !== undefined && { time: flags.time }),
    ...(flags.timeFormat !== undefined && { timeFormat: flags.timeFormat }),
    ignore: flags.ignore ?? [],
    reserved: kindNames,
    isSkippingBadRows: flags.badRows === 'skip',
  })
  compileDetector(parseDetector(draft.detector))
  return { draft, table, badRows }
}

/** Keys and codes are texts, as detectors read them: card numbers of 19 digits come late in a file, and 150.0 is not 150. */
async function keyColumns(file: string, flags: InputFlags, run: Progress): Promise<Record<string, 'text'>> {
  if (file === '-' || formatOfInput(file) !== 'csv') return {}
  const { tables } = openTables(file, { ...readOptions(flags, run), badRows: 'skip', rowsPerTable: 1000 })
  for await (const { columns } of tables) {
    return Object.fromEntries(
      columns.flatMap(({ name }) => (knownKeyOf(name) || isCode(name) ? [[name, 'text' as const]] : [])),
    )
  }
  return {}
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
      `Drafted from ${source} by shrike init: look it over, change what you know better, and train with --detector.`,
    ),
    ...(unsure.length > 0
      ? ['#', comment('What it is unsure of:'), ...unsure.map((each) => comment(`- ${each}`))]
      : []),
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
  id: 'Each transaction has one of its own; a decision is found by it.',
  time: 'When it took place.',
  amount: 'With digits, sums are exact.',
  keys: 'What histories are kept by.',
  optionalKeys: 'Keys that some transactions lack by nature.',
  fields: 'Other columns that features speak of.',
  position: 'Where it took place, in degrees.',
  label: 'Fraud or not, and how late that is known.',
  personal: 'Keys that stand for a person: kept as random tokens, so that the person can be forgotten.',
  notCardNumber: 'Long references that only look like card numbers.',
  hashCardNumber: 'Card numbers: a hash under SHRIKE_CARD_KEY takes their place.',
}
