import { type FieldError, FraudError } from '../core/errors.ts'
import { isRecord, kindOf } from '../core/json-value.ts'
import { NestedFields } from '../core/nested-fields.ts'
import { repeatedNames } from '../core/repeated-names.ts'
import { showValue } from '../core/show-value.ts'
import { hintOfFormat } from '../core/time-formats.ts'
import type { FieldNames } from '../detector/field-names.ts'
import type { BadRowLog } from './bad-rows.ts'
import { type CellFormat, FormatEvidence, fileFormat, type Spelling } from './cell-format.ts'
import { type ColumnKind, KindCounts, kindOfCell } from './column-kind.ts'
import { checkDeclaredColumns, mostColumns } from './columns.ts'
import { LineNumbers } from './line-numbers.ts'
import { longestWritten } from './look-further.ts'
import type { MissingWords } from './missing-words.ts'
import type { PartLines } from './part-lines.ts'
import type { Table } from './table.ts'
import { TableBuilder } from './table-builder.ts'

const sampleRows = 1000
const mostNoted = 20
/** No object is longer; a brace that is never closed would make one of the whole file. */
export const longestObjectBytes = 16 * 2 ** 20

export interface JsonOptions {
  readonly file: string
  readonly columns: Readonly<Record<string, ColumnKind>>
  /** Columns without which the file is refused. */
  readonly required: readonly string[]
  readonly badRows: BadRowLog
  readonly missing: MissingWords
  /** How texts that are numbers and dates are written, where somebody says so. */
  readonly spelling?: Spelling
  /** Of a folder. */
  readonly parts?: PartLines | undefined
  /** Those that a detector declares: a line whose name is a misspelling of one that it lacks is bad. */
  readonly names?: FieldNames | undefined
}

interface Line {
  readonly number: number
  /** Which of the file's objects it is, from 0. */
  readonly place: number
  readonly fields: readonly (readonly [string, unknown])[]
}

/**
 * JSON objects into typed columns: a column per field name, or per path where objects are nested, in order of first
 * appearance, missing where an object lacks it or says null. A number is a number, true 1 and false 0, a text a time where
 * the column's are ISO 8601.
 */
export class JsonRows {
  readonly #options: JsonOptions
  readonly #builder: TableBuilder
  readonly #lines = new LineNumbers()
  readonly #places = new LineNumbers()
  /** How many objects came, left out or not. */
  #objects = 0
  readonly #positions = new Map<string, number>()
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #line = 0
  readonly #nested: NestedFields
  readonly #leftOut = new Set<string>()
  /** The first objects, kept until the kinds of their columns are known. */
  #sample: Line[] | undefined = []

  constructor(options: JsonOptions) {
    this.#options = options
    this.#builder = new TableBuilder(options.missing)
    const { columns, names } = options
    // Where no detector says what is looked at, everything may be.
    this.#nested = new NestedFields(names?.declared ?? Object.keys(columns), names === undefined)
  }

  /** What was left out, for people. */
  get notes(): readonly string[] {
    const fields = [...this.#leftOut].slice(0, mostNoted).map(showValue)
    const more = this.#leftOut.size > mostNoted ? ', …' : ''
    return fields.length === 0 ? [] : [`fields left out that hold arrays: ${fields.join(', ')}${more}`]
  }

  get rowCount(): number {
    return this.#builder.rowCount
  }

  /** Takes the JSON of one object, which has the number in its file; blanks alone are none. */
  add(bytes: Uint8Array, line: number): void {
    this.#line = line
    const place = this.#objects++
    const fields = this.#fieldsOf(bytes, line)
    if (fields === undefined) return
    if (this.#sample === undefined) this.#store({ number: line, place, fields })
    else if (this.#sample.push({ number: line, place, fields }) === sampleRows) this.#decideKinds()
  }

  /** Counts one that its reader has left out. */
  skip(): void {
    this.#objects++
  }

  /** The rows so far; they are forgotten here. */
  take(): Table {
    return { ...this.#builder.take(), lineOf: this.#lines.take(), placeOf: this.#places.take() }
  }

  end(): Table {
    this.#decideKinds()
    if (this.#builder.names.length === 0) {
      throw new FraudError('DATA_INVALID', `${this.#options.file}: the file holds no objects`)
    }
    checkDeclaredColumns(this.#options.file, this.#options.required, this.#builder.names)
    return { ...this.#builder.finish(), lineOf: this.#lines.take(), placeOf: this.#places.take() }
  }

  /** The fields of a line; undefined where it is blank or left out as bad. */
  #fieldsOf(bytes: Uint8Array, line: number): Line['fields'] | undefined {
    const { badRows, names } = this.#options
    let text: string
    let value: unknown
    try {
      text = this.#decoder.decode(bytes)
      if (text.trim() === '') {
        this.#objects--
        return undefined
      }
      value = JSON.parse(text)
    } catch (error) {
      // The parser's own message quotes the line, and the line may hold anything.
      const reason = error instanceof SyntaxError ? 'is not valid JSON' : 'is not UTF-8'
      badRows.add({ line }, reason)
      return undefined
    }
    if (!isRecord(value)) {
      badRows.add({ line }, 'is not a JSON object')
      return undefined
    }
    let fields = this.#flatten(value, line)
    if (fields === undefined) return undefined
    if (fields.length > mostColumns) {
      badRows.add({ line }, `has ${fields.length} fields; at most ${mostColumns} can be read`)
      return undefined
    }
    const [repeated] = repeatedNames(text, value) ?? []
    if (repeated !== undefined) {
      badRows.add({ line, column: repeated }, 'is given more than once')
      return undefined
    }
    const misspelt: FieldError[] = []
    names?.refuse('misspelt', Object.fromEntries(fields), misspelt)
    if (misspelt.length > 0) {
      badRows.add({ line, column: misspelt[0].field }, misspelt[0].reason)
      return undefined
    }
    if (fields.some(([, field]) => isUnsafe(field))) {
      fields = this.#flatten(JSON.parse(withTextsForUnsafe(text)), line) ?? []
    }
    return fields
  }

  /** The fields of nested objects by their paths. Arrays are left out where nobody asks for them; else the line is bad. */
  #flatten(value: Readonly<Record<string, unknown>>, line: number): [string, unknown][] | undefined {
    const flat = Object.entries(value)
    if (!flat.some(([, field]) => isObject(field))) return flat
    const { badRows } = this.#options
    const errors: FieldError[] = []
    const nested = Object.entries(this.#nested.read(value, errors))
    const asked = nested.find(([path, field]) => isObject(field) && this.#isAsked(path))
    if (asked !== undefined)
      errors.push({ field: asked[0], reason: `is ${kindOf(asked[1])}, where a value is required` })
    if (errors.length > 0) {
      const [{ field, reason }] = errors
      badRows.add(field === '(body)' ? { line } : { line, column: field }, reason)
      return undefined
    }
    const rest = nested.filter(([, field]) => !isObject(field))
    for (const [path, field] of nested) if (Array.isArray(field)) this.#leftOut.add(path)
    return rest
  }

  #isAsked(path: string): boolean {
    const { columns, names } = this.#options
    return Object.hasOwn(columns, path) || names?.declared.has(path) === true
  }

  /** Adds the sample's columns with the kinds that its lines show, then its rows. */
  #decideKinds(): void {
    const sample = this.#sample ?? []
    this.#sample = undefined
    const fields = new Map<string, SampledField>()
    for (const [name, value] of sample.flatMap(({ fields }) => fields)) {
      const field = fields.get(name) ?? new SampledField()
      fields.set(name, field)
      field.add(value, this.#options.missing)
    }
    const file = fileFormat([...fields.values()].map(({ evidence }) => evidence.own))
    for (const [name, { kind, evidence }] of fields) {
      const format = evidence.settle(this.#options.spelling ?? {}, file)
      this.#addColumn(name, kind === 'written time' ? ((format.dates && 'time') ?? 'text') : kind, format)
    }
    for (const line of sample) this.#store(line)
  }

  #addColumn(name: string, kind: ColumnKind | undefined, sampled?: CellFormat): number {
    const { columns, badRows, spelling = {} } = this.#options
    const format = sampled ?? new FormatEvidence().settle(spelling, {})
    if (this.#builder.names.length === mostColumns) {
      throw badRows.error({ line: this.#line }, `the file has over ${mostColumns} fields; no more can be read`)
    }
    const isDeclared = Object.hasOwn(columns, name)
    this.#builder.addColumn(name, isDeclared ? columns[name] : kind, isDeclared, format)
    this.#positions.set(name, this.#builder.names.length - 1)
    return this.#builder.names.length - 1
  }

  #store({ number, place, fields }: Line): void {
    const builder = this.#builder
    const row = builder.rowCount
    if (row === builder.capacity) builder.reserve(Math.max(1024, row * 2))
    for (let column = 0; column < builder.names.length; column++) builder.storeMissing(column, row)
    for (const [name, value] of fields) {
      if (value === null) continue
      const column = this.#positions.get(name) ?? this.#addColumn(name, kindOfValue(value, this.#options.missing))
      const reason =
        typeof value === 'string' ? builder.storeText(column, row, value) : this.#storeValue(column, row, Number(value))
      if (reason !== undefined) {
        this.#options.missing.dropRow(row)
        this.#options.badRows.add({ line: number, column: name, value: String(value) }, reason)
        return
      }
    }
    this.#lines.add(row, number)
    this.#places.add(row, place)
    builder.rowCount = row + 1
  }

  #storeValue(column: number, row: number, value: number): string | undefined {
    if (this.#builder.kinds[column] === 'time') return `is not an ISO 8601 time${hintOfFormat(value)}`
    // A text made of a double that large, or of a fraction, could stand for others, too.
    const isKey = this.#options.columns[this.#builder.names[column]] === 'text'
    if (isKey && !Number.isSafeInteger(value)) {
      return Number.isInteger(value)
        ? 'is a whole number past 2^53: write it as text'
        : 'is not a whole number: write it as text'
    }
    return this.#builder.storeNumber(column, row, value)
  }
}

/** What the first objects say of a field. */
class SampledField {
  readonly evidence = new FormatEvidence()
  readonly #counts = new KindCounts()
  #texts = 0
  #writtenTimes = 0

  add(value: unknown, missing: MissingWords): void {
    const kind = kindOfValue(value, missing)
    this.#counts.add(kind)
    if (kind !== 'text' || typeof value !== 'string') return
    this.#texts++
    if (value.length <= longestWritten && this.evidence.addText(value.trim()) === 'time') this.#writtenTimes++
  }

  /** A field of texts is one of times that people write where all of them are. */
  get kind(): ColumnKind | 'written time' | undefined {
    const kind = this.#counts.decide()
    return kind === 'text' && this.#writtenTimes === this.#texts ? 'written time' : kind
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

/** Whether a number may be a whole one that JSON.parse rounded. */
function isUnsafe(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER
}

/** The JSON with whole numbers past 2^53 as texts of their digits, as a CSV file's reader takes them. */
function withTextsForUnsafe(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    /^-?\d+$/.test(token) && isUnsafe(Number(token)) ? `"${token}"` : token,
  )
}

/** JSON says itself what is a number; a text that looks like one is an identifier. */
function kindOfValue(value: unknown, missing: MissingWords): ColumnKind | undefined {
  if (value === null) return undefined
  if (typeof value !== 'string') return 'number'
  const bytes = new TextEncoder().encode(value)
  const kind = kindOfCell(bytes, 0, bytes.length, missing)
  return kind === 'number' ? 'text' : kind
}
