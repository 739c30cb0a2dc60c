/** A section of RESULTS.md, to look figures up in. */
export class ResultFigures {
  readonly #title: string
  readonly #text: string

  /** @param part the heading of the part that is meant, or how it begins, where a section has several. */
  constructor(results: string, title: string, part?: string) {
    const section = `\n${results}`.split(/\n## /).find((text) => text.startsWith(`${title}\n`))
    if (section === undefined) throw new Error(`RESULTS.md has no section "${title}"`)
    const [head, ...parts] = section.split(/\n### /)
    const body = part === undefined ? section : parts.find((text) => text.startsWith(part))
    if (body === undefined) throw new Error(`RESULTS.md, "${title}": there is no part "${part}"`)
    this.#title = title
    this.#text = part === undefined ? section : `${head}\n${body}`
  }

  /** What a pattern's one group finds. */
  find(pattern: RegExp): string {
    const found = pattern.exec(this.#text)?.[1]
    if (found === undefined) throw new Error(`RESULTS.md, "${this.#title}": nothing matches ${pattern}`)
    return found
  }

  /** The number that a table's cell begins with: of the row with that first cell, in the column whose heading begins so. */
  cell(row: string, column: string): number {
    const cells = (line: string) => line.split('|').map((cell) => cell.trim())
    let headings: readonly string[] = []
    for (const line of this.#text.split('\n').filter((each) => each.startsWith('|'))) {
      const found = cells(line)
      const at = headings.findIndex((heading) => heading.startsWith(column))
      if (found[1] === row && at >= 0) return readNumber(found[at])
      if (headings.length !== found.length) headings = found
    }
    throw new Error(`RESULTS.md, "${this.#title}": no table has a row "${row}" with a column "${column}"`)
  }

  /** How many times the peer's time ours is: the number with an x behind those words. */
  ratioAfter(words: string): number {
    const at = this.#text.indexOf(words)
    const ratio = at < 0 ? undefined : /: ([\d.,]+)x/.exec(this.#text.slice(at))?.[1]
    if (ratio === undefined) throw new Error(`RESULTS.md, "${this.#title}": there is no ratio behind "${words}"`)
    return readNumber(ratio)
  }

  /** A peer's version, as far as its minor number. */
  version(peer: string): string {
    return this.find(new RegExp(`^- Peers:.*\\b${peer} (\\d+\\.\\d+)`, 'm'))
  }
}

function readNumber(text: string): number {
  const value = Number.parseFloat(text.replaceAll(',', ''))
  if (Number.isNaN(value)) throw new Error(`RESULTS.md: "${text}" is not a number`)
  return value
}
