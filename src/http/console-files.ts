import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

/** Where `npm run build:console` puts it: beside `src` in a checkout, beside `dist` in the package. */
export const builtConsole = fileURLToPath(new URL('../../console/dist/', import.meta.url))

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.woff2': 'font/woff2',
}

export interface ConsoleFile {
  readonly type: string
  readonly etag: string
  readonly bytes: Buffer
  /** The same, compressed; undefined where that would gain nothing. */
  readonly gzipped: Buffer | undefined
  /** Whether its name changes with its content, so that it may be kept for ever. */
  readonly isImmutable: boolean
}

/** The console's files by their paths under `/console/`: all of them, read at once; undefined where it is not built. */
export function readConsole(folder: string): ReadonlyMap<string, ConsoleFile> | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length))
  return new Map(names.map((name) => [name.replaceAll(sep, '/'), readFile(folder, name)]))
}

function readFile(folder: string, name: string): ConsoleFile {
  const bytes = readFileSync(join(folder, name))
  const type = types[extname(name)] ?? 'application/octet-stream'
  const gzipped = type.startsWith('font/') ? undefined : gzipSync(bytes, { level: 9 })
  return {
    type,
    etag: `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`,
    bytes,
    gzipped: gzipped !== undefined && gzipped.length < bytes.length ? gzipped : undefined,
    isImmutable: name.startsWith('assets'),
  }
}
