import { isMisspelling } from '../core/closest-name.ts'
import type { FieldError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { declaredFields } from './declared-fields.ts'
import type { Detector } from './detector-schema.ts'
import type { TransactionLayout } from './transaction.ts'

const mostListed = 20
const mostRemembered = 1000
const longestRemembered = 64

/** Tells undeclared fields of a transaction that are misspellings of declared ones. */
export class FieldNames {
  readonly #declared: ReadonlySet<string>
  readonly #columns: readonly string[]
  /** The detector's own names of columns, which a caller may take for the columns' names. */
  readonly #aliases: ReadonlyMap<string, string>
  /** The columns that an undeclared name may mean. Callers send the same names again and again. */
  readonly #meant = new Map<string, readonly string[]>()

  /** @param columns the columns that a transaction is made of. */
  constructor({ transaction }: Detector, columns: readonly string[]) {
    const { keys = {}, fields = {}, label } = transaction
    this.#columns = columns
    this.#declared = new Set([...columns, label.field, ...(label.knownAt === undefined ? [] : [label.knownAt])])
    this.#aliases = new Map(Object.entries({ ...fields, ...keys }))
  }

  /** All that a transaction and its label are made of. */
  get declared(): ReadonlySet<string> {
    return this.#declared
  }

  /**
   * Undeclared fields are errors: all of them, or those that are misspellings of declared ones that were not sent.
   *
   * @param others fields that are looked at elsewhere.
   */
  refuse(
    which: 'undeclared' | 'misspelt',
    value: Readonly<Record<string, unknown>>,
    errors: FieldError[],
    others?: ReadonlySet<string>,
  ): void {
    let listed = 0
    for (const name in value) {
      if (this.#declared.has(name) || others?.has(name)) continue
      const meant = this.#meantBy(name).find((column) => value[column] === undefined)
      if (meant === undefined && which === 'misspelt') continue
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`
      errors.push({ field: showValue(name), reason: `is not declared by the detector${hint}` })
      if (++listed === mostListed) return
    }
  }

  #meantBy(name: string): readonly string[] {
    const known = this.#meant.get(name)
    if (known !== undefined) return known
    const alias = this.#aliases.get(name)
    const meant = this.#columns.filter((column) => column === alias || isMisspelling(name, column))
    if (name.length <= longestRemembered && this.#meant.size < mostRemembered) this.#meant.set(name, meant)
    return meant
  }
}

/** The names of a file's fields: those of a received transaction, and the label's. */
export function namesOfFile(detector: Detector, layout: TransactionLayout): FieldNames {
  const { id, time, label } = detector.transaction
  const fields = declaredFields(detector, layout).map(({ column }) => column)
  const others = [id, time?.field, time?.clock, label.field, label.knownAt].filter((name) => name !== undefined)
  return new FieldNames(detector, [...new Set([...others, ...fields])])
}
