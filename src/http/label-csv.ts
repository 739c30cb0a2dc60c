import { suggestion } from '../core/closest-name.ts'
import { type FieldError, FraudError } from '../core/errors.ts'
import { showName } from '../core/show-value.ts'
import { idThatIsTold, labelFields } from '../deciding/labels.ts'
import { readFraudWord } from '../detector/fraud-words.ts'
import { type CsvHeader, readCsvHeader } from './csv-header.ts'

/** Errors of a header that are told. */
const mostErrors = 8

/** Lines of a CSV of labels, whose first one names the fields of a label -> labels as parsed JSON has them. */
export class LabelCsv {
  readonly #header: CsvHeader

  /**
   * @param separator where a line before the header said it.
   * @throws FraudError INPUT_INVALID or BODY_INVALID for a header that would leave out, or misread, something.
   */
  constructor(header: Buffer, separator?: string) {
    this.#header = readCsvHeader(header, separator)
    const errors = headerErrors(this.#header.names)
    if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'Not a valid header of a file of labels', { errors })
  }

  /** @throws FraudError BODY_INVALID or INPUT_INVALID */
  read(line: Buffer): Readonly<Record<string, unknown>> {
    const cells = this.#header.cells(line)
    const { isFraud, ...given } = Object.fromEntries(
      this.#header.names.flatMap((name, i) => (cells[i] === '' ? [] : [[name, cells[i]]])),
    )
    return isFraud === undefined ? given : { ...given, isFraud: readFraud(isFraud, given.transactionId) }
  }
}

function readFraud(cell: string, id: unknown): boolean {
  const isFraud = readFraudWord(cell)
  if (isFraud !== undefined) return isFraud
  const reason =
    'must be true or false, 1 or 0, yes or no, Y or N, fraud or legit, or such a word of German, French, Spanish, Italian, Portuguese or Dutch'
  const errors = [{ field: 'isFraud', reason, ...idThatIsTold(id) }]
  throw new FraudError('INPUT_INVALID', 'Not a valid label', { errors })
}

function headerErrors(names: readonly string[]): readonly FieldError[] {
  const errors: FieldError[] = []
  names.forEach((name, i) => {
    if (errors.length === mostErrors) return
    if (!labelFields.includes(name))
      errors.push({ field: showName(name), reason: `is not a field of a label${suggestion(name, labelFields)}` })
    else if (names.indexOf(name) !== i) errors.push({ field: name, reason: 'is named twice' })
  })
  for (const name of ['transactionId', 'isFraud'])
    if (!names.includes(name)) errors.push({ field: name, reason: 'is missing from the header' })
  return errors
}
