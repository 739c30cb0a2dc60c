// Tries every disguise of a card number where one could get in, and counts how many references are taken for one:
//   node test/attacks/disguise.ts [REFERENCES OF EACH SHAPE]
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { holdsCardNumber } from '../../src/core/card-number.ts'
import { FraudError } from '../../src/core/errors.ts'
import { createRandom } from '../../src/core/random.ts'
import { openTables } from '../../src/data/read-table.ts'
import { parseDetector } from '../../src/detector/detector.ts'
import { ReceivedTransactionReader } from '../../src/detector/received-transaction.ts'
import { compileDetector } from '../../src/features/feature-set.ts'
import { type Disguise, disguises } from './disguises.ts'
import { honestNumbers, keptOf, numbersOfCards } from './numbers.ts'
import { referenceShapes } from './references.ts'

const startMs = Date.UTC(2026, 10, 22)
const detector = parseDetector({
  detector: 'cards',
  transaction: {
    id: 'ID',
    time: { field: 'TIME', format: 'epoch-ms' },
    keys: { card: 'CARD' },
    fields: { note: 'NOTE' },
    label: { field: 'FRAUD' },
  },
  features: [{ count: { by: 'card', over: '1d' } }],
})
const conceal = { hashCardNumber: String, token: String }
const reader = new ReceivedTransactionReader(detector, compileDetector(detector).layout, conceal, () => startMs)

/** A line of NDJSON with every character of its texts escaped. */
function escapeAll(value: object): string {
  const escaped = (text: string) =>
    [...Array(text.length).keys()].map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`)
  const items = Object.entries(value).map(([name, each]) => {
    return `"${name}":${typeof each === 'string' ? `"${escaped(each).join('')}"` : each}`
  })
  return `{${items.join(',')}}`
}

/** Whether a transaction with this is refused, as parsed JSON or as a line of NDJSON. */
function isRefused(changed: object, isLine = false): boolean {
  const value = { ID: 't-1', TIME: startMs, CARD: 'c', ...changed }
  try {
    reader.read(isLine ? JSON.parse(escapeAll(value)) : value)
    return false
  } catch (error) {
    if (error instanceof FraudError) return true
    throw error
  }
}

/** Whether what a file's reader makes of the text still holds one. */
async function isFoundInFile({ text }: Disguise, folder: string): Promise<boolean> {
  const path = join(folder, 'notes.csv')
  await writeFile(path, `NOTE\n"${text.replaceAll('"', '""')}"\n`)
  for await (const { columns } of openTables(path, { columns: { NOTE: 'text' }, rowsPerTable: 10 }).tables) {
    const [note] = columns
    if (note.kind === 'text') return note.dictionary.some((value) => holdsCardNumber(value))
  }
  return false
}

async function tryDisguises(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'shrike-disguise-'))
  const caught = { text: 0, ndjson: 0, file: 0, id: 0, key: 0 }
  for (const disguise of disguises) {
    const { name, text, isWithin = false } = disguise
    const found = {
      text: isRefused({ NOTE: text }),
      ndjson: isRefused({ NOTE: text }, true),
      file: await isFoundInFile(disguise, folder),
      id: isRefused({ ID: text }),
      key: isRefused({ CARD: text }),
    }
    for (const place of ['text', 'ndjson', 'file', 'id', 'key'] as const) if (found[place]) caught[place]++
    const told = Object.entries(found).map(([place, isFound]) => `${place} ${isFound ? 'caught' : 'MISSED'}`)
    console.log(`${name.padEnd(40)} ${told.join('  ')}${isWithin ? '  (ids and keys: whole values only)' : ''}`)
  }
  await rm(folder, { recursive: true })
  console.log(`\n${disguises.length} disguises; caught: ${JSON.stringify(caught)}\n`)
}

function tryNumbers(): void {
  const entered = numbersOfCards.filter(({ field, value }) => keptOf(field, value) === value)
  for (const { field, value } of entered) console.log(`${field} ${value} MISSED`)
  console.log(
    `${numbersOfCards.length} card numbers as amounts and coordinates; caught: ${numbersOfCards.length - entered.length}\n`,
  )
}

function countFalseAlarms(references: number): void {
  for (const [i, { name, most, make }] of referenceShapes.entries()) {
    const random = createRandom(1, i)
    let alarms = 0
    for (let n = 0; n < references; n++) if (holdsCardNumber(make(random))) alarms++
    const rate = alarms / references
    tell(name, rate, most)
  }
  for (const [i, { name, field, most, make }] of honestNumbers.entries()) {
    const random = createRandom(2, i)
    let refused = 0
    for (let n = 0; n < references; n++) if (keptOf(field, make(random)) === undefined) refused++
    tell(name, refused / references, most)
  }
}

function tell(name: string, rate: number, most: number): void {
  const verdict = rate <= most ? '' : `  OVER ${most}`
  console.log(`${name.padEnd(34)} ${(100 * rate).toFixed(4).padStart(8)} %${verdict}`)
}

await tryDisguises()
tryNumbers()
countFalseAlarms(Number(process.argv[2] ?? 10_000_000))
