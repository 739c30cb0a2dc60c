import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { cacheFolder } from './peers.ts'

const source = fileURLToPath(new URL('../../../shared/data/handbook-transactions.csv.gz', import.meta.url))
const smokeRows = 100_000
const newline = 10

export const withoutHandbook =
  "The handbook's transactions (`../shared/data/handbook-transactions.csv.gz`) are not at hand."

/** The handbook's transactions as CSV, the first of them for a smoke run; undefined where they are not at hand. */
export function handbookCsv(smoke: boolean): string | undefined {
  if (!existsSync(source)) return undefined
  const bytes = gunzipSync(readFileSync(source))
  let end = smoke ? 0 : bytes.length
  for (let line = 0; smoke && line <= smokeRows; line++) end = bytes.indexOf(newline, end) + 1
  mkdirSync(cacheFolder, { recursive: true })
  const path = `${cacheFolder}handbook${smoke ? '-smoke' : ''}.csv`
  writeFileSync(path, bytes.subarray(0, end))
  return path
}
