import type { DocFigure, DocOutput } from './parse-doc.ts'

const number = String.raw`[-+−]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[-+]?\d+)?`

/** A line of a document as a pattern of what may be printed in its place: other numbers, and anything for each …. */
function patternOf(line: string): RegExp {
  const source = line
    .trimEnd()
    .replace(
      new RegExp(String.raw`(?<number>${number})|(?<blank>\s+)|(?<more>…)|(?<literal>[^\s…])`, 'gu'),
      (part, ...rest) => {
        const groups: unknown = rest[rest.length - 1]
        const kind = Object.entries(Object(groups)).find(([, value]) => value !== undefined)?.[0]
        if (kind === 'number') return number
        if (kind === 'blank') return String.raw`\s+`
        return kind === 'more' ? ')(.*?)(' : part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      },
    )
  return new RegExp(`^(${source})\\s*$`, 'u')
}

/** A printed line as the document shows it, with … where it leaves something out; undefined where it is another line. */
function shownAs(line: string, printed: string): string | undefined {
  const found = patternOf(line).exec(printed)
  if (found === null) return undefined
  return found
    .slice(1)
    .map((part, i) => (i % 2 === 0 ? part : '…'))
    .join('')
}

export interface Compared {
  /** The block as it would stand now. */
  readonly lines: readonly string[]
  /** Lines that nothing printed is like, in any numbers. */
  readonly missing: readonly string[]
}

/** Finds each line of a block among what was printed, in order; numbers may be others. */
export function compareOutput({ lines }: DocOutput, printed: string): Compared {
  const all = printed.split('\n')
  const missing: string[] = []
  let next = 0
  const now = lines.map((line) => {
    if (line.trim() === '' || line.trim() === '…') return line
    for (let at = next; at < all.length; at++) {
      const shown = shownAs(line, all[at])
      if (shown === undefined) continue
      next = at + 1
      return shown
    }
    missing.push(line)
    return line
  })
  return { lines: now, missing }
}

/** What a figure is in the output; undefined where it is not told. */
export function figureIn({ pattern }: DocFigure, printed: string): string | undefined {
  return pattern.exec(printed)?.[1]
}
