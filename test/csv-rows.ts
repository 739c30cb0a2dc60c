import { readFileSync } from 'node:fs'

/** Rows of a CSV file without quotes, as objects of its texts. */
export function readRows(path: string): readonly Readonly<Record<string, string>>[] {
  const [header, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const names = header.split(',')
  return lines.map((line) => Object.fromEntries(line.split(',').map((text, i) => [names[i], text])))
}
