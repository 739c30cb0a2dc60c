import { isUtf8 } from 'node:buffer'
import { FraudError } from '../core/errors.ts'
import { csvCells } from './csv-line.ts'

const separators = [',', ';', '\t', '|'] as const

/** The header of a CSV that comes line by line, and what its lines are read with. */
export interface CsvHeader {
  readonly names: readonly string[]
  /** The cells of a line, without blanks around them, as many as there are names. @throws FraudError BODY_INVALID */
  readonly cells: (line: Buffer) => readonly string[]
}

/** The separator of a line with which Excel is told it, `sep=;`, and nothing else; undefined of any other. */
export function declaredSeparator(line: Buffer): string | undefined {
  return /^\uFEFF?"?sep=([,;\t|])"?\r?$/i.exec(line.subarray(0, 16).toString('utf8'))?.[1]
}

/**
 * Reads the first line of a CSV, whose separator is the first of comma, semicolon, tab and bar that it has.
 *
 * @param declared the separator that a line before it said.
 * @throws FraudError BODY_INVALID
 */
export function readCsvHeader(line: Buffer, declared?: string): CsvHeader {
  const text = textOf(line).replace(/^\uFEFF/, '')
  const separator = declared ?? separators.find((each) => text.includes(each)) ?? ','
  const names = csvCells(text, separator).map((name) => name.trim())
  return {
    names,
    cells(line) {
      const cells = csvCells(textOf(line), separator)
      if (cells.length === names.length) return cells.map((cell) => cell.trim())
      throw new FraudError('BODY_INVALID', `The line has ${cells.length} values, and the header ${names.length}`)
    },
  }
}

function textOf(line: Buffer): string {
  if (!isUtf8(line)) throw new FraudError('BODY_INVALID', 'The line is not UTF-8')
  return line.toString('utf8').replace(/\r$/, '')
}
