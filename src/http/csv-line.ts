import { FraudError } from '../core/errors.ts'

/**
 * The cells of one line of a CSV (RFC 4180), but that no cell goes on in the next line: so that one quotation mark too many
 * spoils one line, and not all behind it. Throws BODY_INVALID.
 */
export function csvCells(line: string, separator: string): readonly string[] {
  const cells: string[] = []
  let at = 0
  for (;;) {
    if (line[at] !== '"') {
      const end = line.indexOf(separator, at)
      cells.push(line.slice(at, end === -1 ? line.length : end))
      if (end === -1) return cells
      at = end + 1
      continue
    }
    const close = closingQuote(line, at + 1)
    cells.push(line.slice(at + 1, close).replaceAll('""', '"'))
    at = close + 2
    if (close + 1 === line.length) return cells
    if (line[close + 1] !== separator)
      throw new FraudError('BODY_INVALID', 'A quoted value continues after its closing quote')
  }
}

function closingQuote(line: string, start: number): number {
  let at = line.indexOf('"', start)
  while (at !== -1 && line[at + 1] === '"') at = line.indexOf('"', at + 2)
  if (at === -1) throw new FraudError('BODY_INVALID', 'A quoted value does not end on its line')
  return at
}
