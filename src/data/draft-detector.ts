import { holdsCardNumber } from '../core/card-number.ts'
import { FraudError } from '../core/errors.ts'
import { isOfCalendar, timeReader } from '../core/time-formats.ts'
import type { Detector } from '../detector/detector.ts'
import { cardNumberShare } from './card-number-columns.ts'
import { type ColumnLook, lookAt, mostCategories } from './column-look.ts'
import { plainNames } from './column-names.ts'
import { declaredInVain } from './declared-in-vain.ts'
import { draftAmount } from './draft-amount.ts'
import {
  areDays,
  clockBeside,
  missingOf,
  tellClasses,
  tellDays,
  tellFuture,
  tellGaps,
  tellQuasiPersonal,
} from './draft-doubts.ts'
import { draftFeatures } from './draft-features.ts'
import { type DraftedKnownAt, draftKnownAt } from './draft-known-at.ts'
import { lookalikes } from './draft-lookalikes.ts'
import { type InferenceHints, inferDetector } from './infer-detector.ts'
import {
  declaredName,
  isAfterwards,
  isCode,
  isPersonal,
  type KeyRole,
  knownKeyOf,
  orderOf,
  roleOf,
} from './key-names.ts'
import type { Column, Table } from './table.ts'

const dayMs = 86_400_000

export interface DetectorDraft {
  readonly detector: Detector
  readonly leftOut: readonly { readonly column: string; readonly reason: string }[]
  /** What somebody who knows the table should look at, each with why. */
  readonly unsure: readonly string[]
  /** Whether the table has keys and times, so that histories can be kept. */
  readonly hasHistories: boolean
  /** Whether rows have no ids, so that they are known by their numbers. */
  readonly isNumbered: boolean
  /** The newest time; undefined where there is none. */
  readonly newestMs: number | undefined
}

type Left = { column: string; reason: string }
type Transaction = Detector['transaction']

/** Columns are sorted into what they are; each is taken once. */
class Sorter {
  readonly table: Table
  readonly keys: Record<string, string> = {}
  readonly fields: Record<string, string> = {}
  readonly categories: { field: string; values: readonly string[] }[] = []
  readonly codes: string[] = []
  readonly idle = new Set<string>()
  readonly optional: string[] = []
  readonly hashed: string[] = []
  readonly unsure: string[] = []
  readonly left: Left[] = []
  readonly taken: Set<string>

  constructor(table: Table, taken: readonly string[]) {
    this.table = table
    this.taken = new Set(taken)
  }

  leave(column: string, reason: string): void {
    this.taken.add(column)
    this.left.push({ column, reason })
  }

  key(name: string, column: Column, look: ColumnLook): void {
    this.taken.add(column.name)
    this.keys[name] = column.name
    const { rowCount } = this.table
    const again = 1 - (look.distinct + look.missing) / Math.max(1, rowCount)
    if (cardNumberShare(column) !== undefined) this.hashed.push(column.name)
    this.#tellSpelling(name, look)
    // Fewer are gaps, which decisions say.
    if (look.missing >= 0.05 * rowCount) this.optional.push(name)
    if (again >= 0.05) return
    this.idle.add(name)
    const share = (100 * Math.max(0, again)).toFixed(1)
    this.unsure.push(
      `${name}: only ${share} % of the rows have a ${column.name} that came before, so no history is kept by it; that is right for a part of a larger table only if the whole is so, too`,
    )
  }

  /** A field, by its values' number a category or a code that has a history of its own. */
  field(column: Column, look: ColumnLook): void {
    const name = this.#free(declaredName(column.name))
    const { rowCount } = this.table
    if (look.distinct > mostCategories && look.distinct > rowCount / 3) {
      this.leave(column.name, 'a text that is hardly ever repeated')
      return
    }
    this.taken.add(column.name)
    this.fields[name] = column.name
    if (cardNumberShare(column) !== undefined) this.hashed.push(column.name)
    this.#tellSpelling(name, look)
    if (look.distinct > mostCategories) this.codes.push(name)
    else this.categories.push({ field: name, values: this.#withoutCardNumbers(name, look).sort() })
  }

  /** A draft is written to a file, and no card number is. */
  #withoutCardNumbers(name: string, { texts }: ColumnLook): string[] {
    const kept = texts.filter((text) => !holdsCardNumber(text))
    const held = texts.length - kept.length
    if (held > 0) this.unsure.push(`${name}: ${held} of its values hold what may be card numbers and are not listed`)
    return kept
  }

  /** Values are what stands in the file, mark for mark. */
  #tellSpelling(name: string, { texts }: ColumnLook): void {
    const [what] = [
      { what: 'end in .0, as numbers beside blanks do', pattern: /^\d+\.0$/ },
      { what: 'are in single quotes', pattern: /^'.*'$/ },
    ].flatMap(({ what, pattern }) => (texts.length > 0 && texts.every((text) => pattern.test(text)) ? [what] : []))
    if (what !== undefined) this.unsure.push(`${name}: its values ${what}; callers have to send them so, too`)
  }

  #free(name: string): string {
    const used = (each: string) =>
      each in this.keys || each in this.fields || ['amount', 'latitude', 'longitude', 'currency', 'time'].includes(each)
    return used(name) ? `${name}_field` : name
  }
}

const fewestRowsOfKey = 2
/** Fewer texts may all be different by chance. */
const fewestReferences = 100

/**
 * Drafts a detector for a table: what `inferDetector` finds, and ids, keys, categories, places, labels' delay and features
 * from histories beside it. What it cannot know it says.
 *
 * @throws FraudError DATA_INVALID where `inferDetector` does.
 */
export function draftDetector(table: Table, name: string, nowMs: number, hints: InferenceHints = {}): DetectorDraft {
  const flat = inferDetector(table, name, nowMs, { ...hints, mayLackInputs: true })
  const { time: found, amount, label } = flat.detector.transaction
  const hasDays = areDays(table, found?.field)
  const clock = hasDays ? clockBeside(table) : undefined
  const time = found && { ...found, ...(clock !== undefined && { clock }) }
  const { leastMs = 0, mostMs = 0 } = (time && timesOf(table, time)) ?? {}
  const span = mostMs - leastMs
  const named = [label.field, time?.field, clock, amount?.field, ...(hints.ignore ?? [])].filter(
    (each) => each !== undefined,
  )
  const sorter = new Sorter(table, named)
  const id = findId(table, sorter)
  const knownAt = draftKnownAt(table, flat.detector.transaction)
  if (knownAt?.left !== undefined) sorter.leave(knownAt.field, knownAt.left)
  else if (knownAt !== undefined) sorter.taken.add(knownAt.field)
  const places = findPlaces(table, sorter)
  const money = draftAmount(table, amount?.field, hints.isSkippingBadRows === true, sorter)
  sortColumns(table, sorter)
  tellClasses(table, label.field, sorter.unsure)
  tellQuasiPersonal(Object.values(sorter.fields), places.home, sorter.unsure)
  const hasHistories = time !== undefined && Object.keys(sorter.keys).length > 0
  const withoutId = table.columns.filter(({ name }) => name === id).reduce((sum, each) => sum + missingOf(each), 0)
  const isNumbered = hasHistories && (id === undefined || withoutId > 0)
  tellGaps(
    { time, keys: sorter.keys },
    sorter.codes.map((code) => sorter.fields[code]),
    hasHistories ? { id, withoutId } : undefined,
    sorter.unsure,
  )
  if (time !== undefined && isOfCalendar(time)) tellFuture(time.field, mostMs, nowMs, sorter.unsure)
  if (time !== undefined && hasDays) tellDays(time.field, clock, sorter.unsure)
  const { keys, fields, optional, hashed } = sorter
  const exempt = lookalikes(table, [id, ...Object.values(keys), ...Object.values(fields)], sorter)
  const transaction: Transaction = {
    ...((id !== undefined || isNumbered) && { id: id ?? 'transaction_id' }),
    ...(time && { time }),
    ...(money.amount && { amount: money.amount }),
    ...(Object.keys(keys).length > 0 && { keys: inOrder(keys) }),
    ...(optional.length > 0 && { optionalKeys: optional }),
    ...(Object.keys(fields).length > 0 && { fields }),
    ...(places.own && { position: places.own }),
    label: draftLabel(label.field, knownAt, span, sorter),
    ...personalKeys(sorter),
    ...(hashed.length > 0 && { hashCardNumber: hashed }),
    ...(exempt.length > 0 && { notCardNumber: [...exempt] }),
  }
  const features = draftFeatures({
    ...repeatedKeys(sorter, hasHistories),
    hasAmount: money.amount !== undefined,
    sumsAmounts: money.amount !== undefined && money.isOneCurrency,
    hasPosition: places.own !== undefined,
    home: places.home,
    categories: sorter.categories,
    numbers: flat.detector.features.filter((feature) => isInput(feature, sorter)),
    hasHours: time !== undefined && time.format !== 'days-since' && span > dayMs && (!hasDays || clock !== undefined),
    hasWeekdays: time !== undefined && isOfCalendar(time),
    countsFrauds: (transaction.label.delay ?? transaction.label.knownAt) !== undefined,
  })
  if (features.length === 0) throw new FraudError('DATA_INVALID', 'There is no column left as an input')
  const { ignore = [] } = hints
  const isLeft = (column: string) => ignore.includes(column) || !sorter.taken.has(column)
  const left = flat.leftOut.filter(({ column }) => isLeft(column) && column !== time?.field)
  const unused = declaredInVain(transaction, features, places.home)
  return {
    detector: { detector: name, transaction, features: [...features] },
    leftOut: inTableOrder(table, [...sorter.left, ...left, ...unused]),
    unsure: sorter.unsure,
    hasHistories,
    isNumbered,
    newestMs: mostMs > 0 ? Math.min(mostMs, nowMs) : undefined,
  }
}

/** The keys by which features look back, by what they stand for. */
function repeatedKeys({ keys, idle, codes }: Sorter, hasHistories: boolean) {
  const repeated = hasHistories ? Object.keys(inOrder(keys)).filter((key) => !idle.has(key)) : []
  const ofRole = (role: KeyRole) => repeated.filter((key) => roleOf(key) === role)
  return { payers: ofRole('payer'), payees: ofRole('payee'), means: ofRole('means'), codes: hasHistories ? codes : [] }
}

function inTableOrder({ columns }: Table, left: readonly Left[]): readonly Left[] {
  const places = new Map(columns.map(({ name }, i) => [name, i]))
  return left.toSorted((a, b) => (places.get(a.column) ?? 0) - (places.get(b.column) ?? 0))
}

function isInput(feature: Detector['features'][number], { taken }: Sorter): boolean {
  const column = typeof feature === 'string' ? feature : String(feature.column)
  return !taken.has(column)
}

const idName =
  /^((transaktions?|buchungs?|zahlungs?|vorgangs?|beleg|transaction|trans|tx|trx|txn|payment|order|transaccion|transazione)?(id|num|number|ref|reference|referenz|referencia|riferimento|uuid|nr|nummer)|(id|no|num|numero|ref|reference|referencia)(de|del|della)?(transaction|operation|paiement|transaccion|operacion|pago|transazione|operazione))$/

/** The column whose name and values say that each row has one of its own, else the one whose values alone do. */
function findId(table: Table, sorter: Sorter): string | undefined {
  const named = table.columns.find(
    (column) => plainNames(column.name).some((name) => idName.test(name)) && isUnique(column, table.rowCount),
  )
  const found = named ?? table.columns.find((column) => isReference(column, table.rowCount, sorter))
  if (found === undefined) return undefined
  sorter.taken.add(found.name)
  if (named === undefined)
    sorter.unsure.push(
      `id: ${found.name} is taken for it, since each row has its own there, though its name does not say so; if it is something else, name another`,
    )
  return found.name
}

const reference = /^(?=.*\d)[\w.:/-]{4,64}$/

/** Whether a column of no other use has a reference in each row that no other row has. */
function isReference(column: Column, rowCount: number, { taken }: Sorter): boolean {
  const { name, kind } = column
  if (kind !== 'text' || rowCount < fewestReferences || taken.has(name)) return false
  if (isPersonal(name) || isAfterwards(name) || knownKeyOf(name) !== undefined) return false
  const { distinct, texts } = lookAt(column)
  return distinct === rowCount && texts.every((text) => reference.test(text))
}

/** A few rows that a file has twice do not make an id anything else. */
function isUnique(column: Column, rowCount: number): boolean {
  const { distinct } = lookAt(column)
  const given = rowCount - missingOf(column)
  return distinct >= 0.9 * given && given >= rowCount / 2 && distinct > 0
}

function findPlaces(table: Table, sorter: Sorter) {
  const find = (pattern: RegExp) =>
    table.columns.find(({ name, kind }) => kind === 'number' && pattern.test(name))?.name
  const at = (latitude: string | undefined, longitude: string | undefined) =>
    latitude === undefined || longitude === undefined ? undefined : { latitude, longitude }
  const merchant = at(
    find(/^(merch|merchant|terminal|store|pos)_?lat(itude)?$/i),
    find(/^(merch|merchant|terminal|store|pos)_?(long?|lng|longitude)$/i),
  )
  const plain = at(find(/^lat(itude)?$/i), find(/^(long?|lng|longitude)$/i))
  const home = at(find(/^(home|customer|cust)_?lat(itude)?$/i), find(/^(home|customer|cust)_?(long?|lng|longitude)$/i))
  const own = merchant ?? plain
  const places = { own, home: merchant === undefined ? home : (home ?? plain) }
  for (const place of [places.own, places.home])
    if (place) for (const name of Object.values(place)) sorter.taken.add(name)
  if (merchant !== undefined && plain !== undefined)
    sorter.unsure.push(
      `position: ${merchant.latitude} is used as the place of the transaction, ${plain.latitude} as that of the customer`,
    )
  return places
}

function sortColumns(table: Table, sorter: Sorter): void {
  const perKey = new Map<string, Column>()
  for (const column of table.columns) {
    const { name } = column
    if (sorter.taken.has(name)) continue
    const known = knownKeyOf(name)
    if (isPersonal(name)) sorter.leave(name, 'personal data, so not an input')
    else if (isAfterwards(name))
      sorter.leave(name, 'the balance after the transaction, which is not known when it is decided')
    else if (known !== undefined && column.kind !== 'time' && !perKey.has(known.key)) {
      const look = lookAt(column)
      if (look.distinct < fewestRowsOfKey) sorter.leave(name, whySame(look))
      else {
        perKey.set(known.key, column)
        sorter.key(known.key, column, look)
      }
    } else if (column.kind === 'text') {
      const look = lookAt(column)
      if (look.distinct < 2) sorter.leave(name, whySame(look))
      else sorter.field(column, look)
    } else if (column.kind === 'number' && isCode(name)) {
      const look = lookAt(column)
      if (look.distinct >= 2 && column.values.every((value) => Number.isNaN(value) || Number.isInteger(value)))
        sorter.field(column, look)
    }
  }
}

function whySame({ distinct }: ColumnLook): string {
  return distinct === 0 ? 'empty' : 'the same in every row'
}

function draftLabel(
  field: string,
  knownAt: DraftedKnownAt | undefined,
  span: number,
  sorter: Sorter,
): Transaction['label'] {
  if (knownAt !== undefined && knownAt.left === undefined) {
    const { maturity = '30d' } = knownAt
    if (knownAt.maturity !== undefined)
      sorter.unsure.push(
        `label: only frauds have a time in ${knownAt.field}, so others count as legitimate after ${maturity}, by when 95 of 100 frauds were known`,
      )
    return { field, knownAt: knownAt.field, maturity }
  }
  if (span >= 42 * dayMs) {
    sorter.unsure.push(`label: how long after a transaction ${field} is known is not in the table; a week is assumed`)
    return { field, delay: '7d' }
  }
  if (span >= 7 * dayMs) {
    sorter.unsure.push(
      `label: how long after a transaction ${field} is known is not in the table, which is short: a day is assumed, and a week is likelier`,
    )
    return { field, delay: '1d' }
  }
  sorter.unsure.push(
    `label: the table is too short to leave room for a delay of ${field}, so features do not count frauds`,
  )
  return { field }
}

function personalKeys({ keys }: Sorter): Pick<Transaction, 'personal'> {
  const personal = Object.keys(inOrder(keys)).filter((key) => roleOf(key) !== 'payee')
  return personal.length > 0 ? { personal } : {}
}

function inOrder(keys: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).sort(([a], [b]) => orderOf(a) - orderOf(b)))
}

function timesOf(table: Table, time: NonNullable<Transaction['time']>) {
  const column = table.columns.find(({ name }): boolean => name === time.field)
  if (column === undefined || column.kind === 'text' || table.rowCount === 0) return undefined
  const read = time.format === 'iso' ? (value: number) => value : timeReader(time, () => 0)
  let leastMs = Number.POSITIVE_INFINITY
  let mostMs = Number.NEGATIVE_INFINITY
  for (const value of column.values) {
    const at = read(value)
    if (at < leastMs) leastMs = at
    if (at > mostMs) mostMs = at
  }
  return mostMs < leastMs ? undefined : { leastMs, mostMs }
}
