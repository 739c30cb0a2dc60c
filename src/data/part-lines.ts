import { join, relative } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import type { TellLine } from './table.ts'

/** Where the lines of a folder's parts are, which are read one after another and counted on. */
export class PartLines {
  readonly #folder: string
  readonly #word: string
  readonly #starts: number[] = []
  readonly #parts: string[] = []

  /** @param word what the lines are called. */
  constructor(folder: string, word: string) {
    this.#folder = folder
    this.#word = word
  }

  /** A part, and the number that its first line has among those of all. */
  add(part: string, firstLine: number): void {
    this.#starts.push(firstLine)
    this.#parts.push(relative(this.#folder, part))
  }

  /** The path of the part that is being read. */
  get current(): string {
    return join(this.#folder, this.#parts.at(-1) ?? '')
  }

  get tellLine(): TellLine {
    return (line) => {
      const at = Math.max(
        0,
        this.#starts.findLastIndex((start) => start <= line),
      )
      return `${this.#parts[at]}, ${this.#word} ${line - this.#starts[at] + 1}`
    }
  }

  /** Refuses the part that is being read for columns that are not those of the first one. */
  refuseColumns(names: readonly string[], first: readonly string[]): void {
    const lacking = first.find((name) => !names.includes(name))
    const further = names.find((name) => !first.includes(name))
    const differs = names.findIndex((name, at) => name !== first[at])
    if (lacking !== undefined) this.#refuse(`lacks the column "${showValue(lacking)}" of`)
    if (further !== undefined) this.#refuse(`has the column "${showValue(further)}", and not so`)
    if (differs >= 0) this.#refuse(`has its columns in another order, from "${showValue(names[differs])}" on, than`)
  }

  /** The same for columns with types, in any order. */
  refuseTypes(types: ReadonlyMap<string, string>, first: ReadonlyMap<string, string>): void {
    const names = [...first.keys()]
    this.refuseColumns(
      [...names.filter((name) => types.has(name)), ...[...types.keys()].filter((name) => !first.has(name))],
      names,
    )
    const other = names.find((name) => types.get(name) !== first.get(name))
    if (other === undefined) return
    const [one, here] = [first.get(other), types.get(other)].map((type) => type?.slice(0, 60))
    this.#refuse(`has the column "${showValue(other)}" as ${here}, which is ${one} in`)
  }

  #refuse(reason: string): never {
    const [first, other] = [this.#parts[0], this.#parts.at(-1)]
    throw new FraudError('DATA_INVALID', `${this.#folder}: ${other} ${reason} ${first}`)
  }
}
