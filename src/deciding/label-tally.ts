import { type FieldError, FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { showName } from '../core/show-value.ts'
import type { FileLabel } from './label-intake.ts'
import { idThatIsTold } from './labels.ts'

/** Why a line was not taken in. */
export interface LabelLineError {
  /** The line of the file or the body, from 1. */
  readonly line: number
  /** The id of the label's transaction, where it could be read and is not a card number. */
  readonly id?: string | undefined
  readonly code: string
  /** `(line)` where it is not one field. */
  readonly field: string
  readonly reason: string
}

/** What became of the labels of a file: `lines` is `accepted`, `repeated` and `refused` together. */
export interface LabelCounts {
  readonly lines: number
  /** New ones, in the log. */
  readonly accepted: number
  /** Accepted labels whose transaction has not arrived. */
  readonly pending: number
  /** Accepted labels that replace another one. */
  readonly changed: number
  /** Labels that were already known, so nothing changed. */
  readonly repeated: number
  /** Repeated labels that a later label has replaced. */
  readonly overruled: number
  readonly refused: number
}

export interface LabelReport extends LabelCounts {
  /** The errors of the first lines that were refused. */
  readonly errors: readonly LabelLineError[]
  /** Refused lines that are not among them. */
  readonly refusedUnlisted: number
}

/** Refused lines whose errors are listed. */
export const mostRefusedListed = 1000

/** Errors of one line that are listed: names are the caller's, and as many as he likes. */
const mostErrorsOfLine = 3

/** What refuses one label and says nothing of the next one. */
const refusals: ReadonlySet<string> = new Set([
  'BODY_INVALID',
  'BODY_TOO_LARGE',
  'CARD_NUMBER_REFUSED',
  'INPUT_INVALID',
  'LABELS_FULL',
  'PENDING_LABELS_FULL',
])

/** Counts what becomes of a file's labels, each of which stands or falls alone. */
export class LabelTally {
  #counts = { lines: 0, accepted: 0, pending: 0, changed: 0, repeated: 0, overruled: 0, refused: 0 }
  readonly #errors: LabelLineError[] = []

  get counts(): LabelCounts {
    return this.#counts
  }

  take({ answer, isChange, isOverruled }: FileLabel): void {
    const counts = this.#counts
    counts.lines += 1
    if (answer.duplicate) counts.repeated += 1
    else {
      counts.accepted += 1
      if (answer.pending) counts.pending += 1
      if (isChange) counts.changed += 1
    }
    if (isOverruled) counts.overruled += 1
  }

  /** Throws what is not the fault of this line. @param label what the line holds, as far as it could be read. */
  refuse(line: number, error: unknown, label?: unknown): void {
    if (!(error instanceof FraudError) || !refusals.has(error.code)) throw error
    this.#counts.lines += 1
    this.#counts.refused += 1
    if (this.#counts.refused > mostRefusedListed) return
    const { code, errors, message } = error
    const all: readonly FieldError[] = errors.length > 0 ? errors : [{ field: '(line)', reason: message }]
    const told = isRecord(label) ? idThatIsTold(label.transactionId) : {}
    for (const { field, reason, id = told.id } of all.slice(0, mostErrorsOfLine)) {
      this.#errors.push({
        line,
        ...(id !== undefined && { id }),
        code,
        field: field === '(body)' ? '(line)' : showName(field),
        reason: showName(reason),
      })
    }
  }

  report(): LabelReport {
    const refusedUnlisted = Math.max(0, this.#counts.refused - mostRefusedListed)
    return { ...this.#counts, errors: this.#errors.toSorted((a, b) => a.line - b.line), refusedUnlisted }
  }
}
