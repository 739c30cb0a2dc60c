import { existsSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import { quoteForShell } from '../core/shell.ts'
import { maskCardNumber, showValue } from '../core/show-value.ts'
import type { DetectorDraft } from '../data/draft-detector.ts'
import type { Table } from '../data/table.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import { canDecide } from '../deciding/detector-in-force.ts'
import { compileDetector } from '../features/feature-set.ts'
import { decisionCall, predictionCall } from '../http/example-call.ts'
import { transactionExample } from '../http/schemas/decision.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { draftOf, formatDraft } from '../training/draft-file.ts'
import { type InputRequest, nameOf, readingOf } from '../training/read-input.ts'
import { rejectsOf, writeRejects } from '../training/rejects.ts'
import { ownCommand } from './command-line.ts'
import { usualData } from './data-flags.ts'
import { directoryFor } from './detector-directory.ts'
import { flagOf, withFlags } from './flag-names.ts'
import { checkOutputs } from './output-paths.ts'
import type { Run } from './run.ts'

export interface InitFlags extends InputRequest {
  readonly out: string
  readonly force?: boolean
}

const rowsShown = 10
const widest = 20

/** Drafts a detector of a file, writes it, and says how the file was read and what is not certain. */
export async function init(file: string, flags: InitFlags, run: Run): Promise<void> {
  const { out, force } = flags
  await checkOutputs({ '--out': out, '--rejects': rejectsOf(flags) }, { FILE: file })
  if (existsSync(out) && force !== true) {
    throw new FraudError('OPTION_INVALID', `${out} already exists: name another file with --out, or use --force`)
  }
  const { draft, table, badRows } = await draftOf(file, flags, run)
  await writeRejects(file, badRows.first, flags, run)
  await writeFileAtomically(out, withFlags(formatDraft(draft, nameOf(file))))
  const { terminal } = run
  const rows = firstRows(draft, table)
  terminal.say(`\nThe first rows as they are read:\n\n${formatRows(rows)}`)
  const list = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) terminal.say(`\n${title}\n${lines.map((line) => `  - ${line}`).join('\n')}`)
  }
  list('Unsure of:', draft.unsure)
  list(
    'Left out:',
    draft.leftOut.slice(0, 30).map(({ column, reason }) => `${showValue(column) || '(no name)'}: ${reason}`),
  )
  if (draft.leftOut.length > 30) terminal.say(`  and ${draft.leftOut.length - 30} more, which ${out} lists`)
  const next = nextCommands(file, draft, flags)
  const lines = next.map((line) => `  ${line}`)
  terminal.say(`\nwrote ${out}. Next:\n\n${lines.slice(0, -1).join('\n')}`)
  terminal.say(`\nand, while that serves, from another terminal:\n\n${lines.at(-1)}`)
  const { detector, unsure, leftOut } = draft
  terminal.result({ out, detector, unsure, leftOut, rows, next })
}

/** Rows by the detector's names. Card numbers are masked, and of persons no more than the beginning is shown. */
function firstRows({ detector }: DetectorDraft, table: Table): readonly Record<string, string>[] {
  const { id, time, amount, keys = {}, fields = {}, label, personal = [], hashCardNumber = [] } = detector.transaction
  const inputs = detector.features.flatMap((feature) =>
    typeof feature === 'string' && feature !== 'amount' ? [feature] : [],
  )
  const columns = new Map(table.columns.map((column) => [column.name, column]))
  const shown = [
    id,
    time?.field,
    time?.clock,
    amount?.field,
    ...Object.values(keys),
    ...Object.values(fields),
    ...inputs.slice(0, 4),
    label.field,
  ]
  const secret = new Set(personal.map((key) => keys[key]))
  const cell = (name: string, row: number): string => {
    const column = columns.get(name)
    if (column === undefined) return ''
    if (column.kind === 'text') {
      const text = column.dictionary[column.codes[row]] ?? ''
      if (hashCardNumber.includes(name)) return text === '' ? '' : '(hashed)'
      const safe = maskCardNumber(text)
      return secret.has(name) && safe.length > 3 ? `${safe.slice(0, 3)}…` : showValue(safe)
    }
    const value = column.values[row]
    if (Number.isNaN(value)) return ''
    if (column.kind === 'time') return new Date(value).toISOString().replace('.000Z', 'Z')
    return hashCardNumber.includes(name) ? '(hashed)' : String(value)
  }
  const names = [...new Set(shown.filter((name) => name !== undefined && columns.has(name)))].map(String)
  return Array.from({ length: Math.min(rowsShown, table.rowCount) }, (_, row) =>
    Object.fromEntries(names.map((name) => [name, cell(name, row)])),
  )
}

function formatRows(rows: readonly Record<string, string>[]): string {
  const names = Object.keys(rows[0] ?? {}).slice(0, 12)
  const cut = (text: string) => (text.length > widest ? `${text.slice(0, widest - 1)}…` : text)
  const lines = [names, ...rows.map((row) => names.map((name) => row[name]))].map((line) => line.map(cut))
  const widths = names.map((_, i) => Math.max(...lines.map((line) => line[i].length)))
  return lines.map((line) => `  ${line.map((text, i) => text.padEnd(widths[i])).join('  ')}`.trimEnd()).join('\n')
}

/** From the draft to an answer: each works as it stands, in the folder that it is printed in. */
function nextCommands(file: string, draft: DetectorDraft, flags: InitFlags): readonly string[] {
  const { detector, hasHistories, isNumbered } = draft
  const told = Object.entries(readingOf(flags)).filter(
    ([name, value]) => name !== 'rejects' && (name !== 'badRows' || value !== 'fail'),
  )
  const reading = told.flatMap(([name, value]) => [flagOf(name), String(value)])
  const directory = directoryFor(detector.detector, usualData).own
  const data = ['--data', directory]
  const shrike = ownCommand(process.argv[1], process.cwd())
  const command = (...parts: readonly string[]) => [shrike, ...parts.map(quoteForShell)].join(' ')
  const key =
    detector.transaction.hashCardNumber === undefined
      ? []
      : ['export SHRIKE_CARD_KEY=$(openssl rand -hex 32)   # keep it: hashes are made by it']
  const numbered = isNumbered ? ['--number-rows'] : []
  const history = ['replay', file, '--as', 'history', '--bundle', bundle, ...data, ...numbered, ...reading]
  return [
    ...key,
    command('train', file, '--detector', flags.out, '--out', bundle, ...reading),
    ...(hasHistories ? [command(...history)] : []),
    command('serve', bundle, ...data),
    exampleCall(draft, asksForKey(directory)),
  ]
}

const bundle = 'shrike-model.safetensors'
const usualOrigin = 'http://127.0.0.1:8000'

function asksForKey(directory: string): boolean {
  return (process.env.SHRIKE_API_KEYS ?? '') !== '' || existsSync(dataDirectory(directory).keysPath)
}

function exampleCall({ detector, newestMs }: DetectorDraft, needsKey: boolean): string {
  const features = compileDetector(detector)
  if (canDecide(detector))
    return decisionCall(usualOrigin, transactionExample({ detector, features }, newestMs), needsKey)
  return predictionCall(usualOrigin, Object.fromEntries(features.names.map((name) => [name, 0])), needsKey)
}
