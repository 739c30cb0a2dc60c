import type { CodedTexts, TransactionLayout } from '../detector/transaction.ts'

/** Texts that are new in a dictionary, from a place on; where that is the first, the dictionary begins anew. */
export interface AddedTexts {
  readonly from: number
  readonly texts: readonly string[]
}

/** A layout's texts, each with a code; chunks that come one behind the other share them, so that each is told once. */
export class ChunkTexts {
  readonly dictionaries: readonly string[][]
  readonly #codeOf: readonly Map<string, number>[]
  #table: readonly (CodedTexts | undefined)[] | undefined
  /** The open table's texts, and which code here each of its codes is; -2 where it is not known yet. */
  #sources: readonly ({ readonly codes: Int32Array; readonly known: Int32Array } | undefined)[]

  constructor({ texts }: TransactionLayout) {
    this.dictionaries = texts.map(() => [])
    this.#codeOf = texts.map(() => new Map())
    this.#sources = texts.map(() => undefined)
  }

  /** Takes up a table, whose rows come next: texts that have codes there need not be looked up row by row. */
  openTable(table: readonly (CodedTexts | undefined)[]): void {
    if (table === this.#table) return
    this.#table = table
    this.#sources = table.map((source) =>
      source === undefined ? undefined : { codes: source.codes, known: new Int32Array(source.texts.length).fill(-2) },
    )
  }

  /** The code of a text; -1 of a missing one. @param index the row of the open table. */
  code(i: number, index: number, text: string | undefined): number {
    const source = this.#sources[i]
    if (source === undefined) return this.#lookUp(i, text)
    const { codes, known } = source
    const theirs = codes[index]
    if (theirs < 0) return -1
    const code = known[theirs]
    if (code !== -2) return code
    known[theirs] = this.#lookUp(i, text)
    return known[theirs]
  }

  #lookUp(i: number, text: string | undefined): number {
    if (text === undefined) return -1
    const known = this.#codeOf[i].get(text)
    if (known !== undefined) return known
    const code = this.dictionaries[i].push(text) - 1
    this.#codeOf[i].set(text, code)
    return code
  }
}

/** Dictionaries as they are told chunk by chunk. */
export class ToldTexts {
  readonly #dictionaries: string[][] = []

  /** Takes in what is new, and returns them all. A dictionary that begins anew is another array. */
  take(added: readonly AddedTexts[]): readonly (readonly string[])[] {
    for (const [i, { from, texts }] of added.entries()) {
      if (from === 0) this.#dictionaries[i] = []
      for (let k = 0; k < texts.length; k++) this.#dictionaries[i][from + k] = texts[k]
    }
    return this.#dictionaries
  }
}
