import { readFile } from 'node:fs/promises'
import { FraudError } from '../core/errors.ts'
import { formatYaml } from '../core/yaml-file.ts'
import type { TextColumn } from '../data/table.ts'
import { csvFormatter } from '../data/write-csv.ts'
import { type PolicyDocuments, readPolicyFiles } from '../decisioning/index.ts'
import { type EntryDefinition, type ListDefinition, listSchema } from '../decisioning/list-definition.ts'
import type { SinkFlags } from './label-sink.ts'
import { readEntries } from './list-entries-file.ts'
import { lastNumber, takeUpTo } from './mirror-entries.ts'
import { withPolicy } from './open-policy.ts'
import type { ListedEntry } from './policy-target.ts'
import { changeOne, type WhyFlags } from './policy-work.ts'
import { printChunks } from './print-chunks.ts'
import type { Run } from './run.ts'

const entriesAtOnce = 1000

/** `shrike lists list`. */
export async function showLists(flags: SinkFlags, run: Run): Promise<void> {
  const { version, lists } = await withPolicy(flags, run, (target) => target.read())
  for (const { name, of, effect } of lists.values()) run.terminal.say(`${name}  of ${of}  ${effect}`)
  if (lists.size === 0) run.terminal.say(`there are no lists in version ${version}`)
  run.terminal.result({ version, lists: [...lists.values()] })
}

/** `shrike lists show NAME`. */
export async function showList(name: string, flags: SinkFlags, run: Run): Promise<void> {
  const { lists } = await withPolicy(flags, run, (target) => target.read())
  const list = lists.get(name)
  if (list === undefined) {
    throw new FraudError('OPTION_INVALID', `There is no list ${name}`, {
      hint: 'shrike lists list shows those there are',
    })
  }
  run.terminal.say(formatYaml(list).trimEnd())
  run.terminal.result(list)
}

interface SetFlags extends WhyFlags {
  readonly of?: string
  readonly effect?: string
}

/** `shrike lists set FILE`: a list of them; `shrike lists set NAME --of KEY`: one. */
export async function setLists(fileOrName: string, flags: SetFlags, run: Run): Promise<void> {
  const lists = flags.of === undefined ? await definitionsOf(fileOrName, flags) : [definitionBy(fileOrName, flags)]
  if (lists.length === 0) throw new FraudError('POLICY_INVALID', `There is no list in ${fileOrName}`)
  await changeOne({ kind: 'together', changes: lists.map((list) => ({ kind: 'list' as const, list })) }, flags, run)
}

/** `shrike lists remove NAME`. */
export async function removeList(name: string, flags: WhyFlags, run: Run): Promise<void> {
  await changeOne({ kind: 'list-removed', name }, flags, run)
}

/** `shrike lists take NAME VALUE...`. */
export async function takeValues(list: string, remove: string[], flags: WhyFlags, run: Run): Promise<void> {
  await changeOne({ kind: 'entries', list, remove }, flags, run)
}

interface AddFlags extends WhyFlags {
  readonly mirror?: boolean
}

/** `shrike lists add NAME FILE`: all of the file is read before the first entry is added; a piece counts as a whole. */
export async function addEntries(list: string, file: string, flags: AddFlags, run: Run): Promise<void> {
  const { mirror: isMirror = false } = flags
  const entries = await readEntries(file, run)
  if (isMirror) refuseEmpty(entries, file)
  let added = 0
  await withPolicy(flags, run, async (target) => {
    const before = isMirror ? await lastNumber(target, list) : 0
    for (let from = 0; from < entries.length; from += entriesAtOnce) {
      if (run.signal.aborted) throw stopped(added)
      const add = entries.slice(from, from + entriesAtOnce)
      await target.change({ kind: 'entries', list, add }, flags).catch((error: unknown) => {
        if (!(error instanceof FraudError)) throw error
        if (error.code === 'APPROVAL_REQUIRED' && add.length < entries.length)
          throw partWaits(error, add, entries, list)
        throw added > 0 ? withCount(error, added) : error
      })
      added += add.length
    }
    run.terminal.say(`entries added to ${list} in ${target.where}: ${added.toLocaleString('en')}`)
    if (!isMirror) return run.terminal.result({ list, added })
    const taken = await takeUpTo(before, target, list, flags, run.signal)
    run.terminal.say(`entries taken off ${list}, since ${file} does not have them: ${taken.toLocaleString('en')}`)
    run.terminal.result({ list, added, taken })
  })
}

/** `shrike lists export NAME`: as CSV that `add` reads. */
export async function exportEntries(name: string, flags: SinkFlags, run: Run): Promise<void> {
  await withPolicy(flags, run, async (target) => {
    const { lists } = await target.read()
    if (!lists.has(name)) {
      throw new FraudError('OPTION_INVALID', `There is no list ${name}`, {
        hint: 'shrike lists list shows those there are',
      })
    }
    await printChunks(csvOf(target.entries(name)))
  })
}

async function* csvOf(entries: AsyncIterable<ListedEntry>): AsyncGenerator<Uint8Array> {
  const format = csvFormatter()
  let batch: ListedEntry[] = []
  const table = () => [...format({ columns: columnsOf(batch), rowCount: batch.length })]
  for await (const entry of entries) {
    batch.push(entry)
    if (batch.length < entriesAtOnce) continue
    yield* table()
    batch = []
  }
  yield* table()
}

function columnsOf(entries: readonly ListedEntry[]): readonly TextColumn[] {
  const column = (name: string, textOf: (entry: ListedEntry) => string | undefined): TextColumn => {
    const dictionary = entries.map((entry) => textOf(entry) ?? '')
    return { kind: 'text', name, dictionary, codes: Int32Array.from(dictionary, (_, i) => i) }
  }
  return [
    column('value', ({ value }) => value),
    column('expires_at', ({ expiresAt }) => expiresAt),
    column('source', ({ source }) => source),
    column('note', ({ note }) => note),
  ]
}

/** A file that was cut off, or never written, would leave nothing on the list. */
function refuseEmpty(entries: readonly EntryDefinition[], file: string): void {
  const nowMs = Date.now()
  if (entries.some(({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > nowMs)) return
  throw new FraudError(
    'DATA_INVALID',
    `${file} has ${entries.length === 0 ? 'no entries' : 'expired entries alone'}, and --mirror would take everything off the list`,
    { hint: 'shrike lists remove NAME removes a list with its entries' },
  )
}

function stopped(added: number): FraudError {
  return withCount(new FraudError('INTERRUPTED', 'Stopped before the end'), added)
}

function withCount({ code, message, hint }: FraudError, added: number): FraudError {
  const more = `Entries that were added before and stay: ${added}. The same file may be sent again`
  return new FraudError(code, `${message}\n${more}`, { hint })
}

/** Pieces would be changes of their own, each to be approved; over HTTP a file is one. */
function partWaits(
  { code, message }: FraudError,
  add: readonly EntryDefinition[],
  entries: readonly EntryDefinition[],
  list: string,
): FraudError {
  const [sent, all] = [add, entries].map(({ length }) => length.toLocaleString('en'))
  return new FraudError(code, `${message}. It is of ${sent} entries of ${all}: the others were not sent`, {
    hint: `POST /v1/lists/${list}/entries with the file as text/csv makes one change of all of it; reject this one then`,
  })
}

function definitionBy(name: string, { of, effect = 'none' }: SetFlags): ListDefinition {
  const parsed = listSchema.safeParse({ name, of, effect })
  if (parsed.success) return parsed.data
  const reasons = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new FraudError('OPTION_INVALID', `The list can't be set: ${reasons.join('; ')}`)
}

async function definitionsOf(file: string, { effect }: SetFlags): Promise<NonNullable<PolicyDocuments['lists']>> {
  if (effect !== undefined) throw new FraudError('OPTION_INVALID', '--effect goes with --of: a file says it itself')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FraudError('FILE_UNREADABLE', `${file} can't be read, or there is no such file`, { cause })
  })
  try {
    return readPolicyFiles([{ path: 'lists.yaml', text }]).lists ?? []
  } catch (error) {
    if (!(error instanceof FraudError)) throw error
    throw new FraudError(error.code, error.message.replaceAll(/^lists\.yaml/gm, file), { cause: error })
  }
}
