import { FraudError } from '../../core/errors.ts'

/** SQLite's SQLITE_CORRUPT and SQLITE_NOTADB, with whatever they say beyond that in the higher bits. */
const damages = new Set([11, 26])

/** Whether SQLite met what it never writes, wherever in the log that was. */
export function isDamaged(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && damages.has(Number(error.errcode) & 0xff)
}

export function damagedLog(cause: unknown, path?: string): FraudError {
  const [file, wal] = path === undefined ? ["The log's file", 'its -wal'] : [`The log ${path}`, `${path}-wal`]
  const said = cause instanceof Error ? ` (SQLite: ${cause.message})` : ''
  return new FraudError(
    'LOG_INVALID',
    `${file} is damaged, or ${wal} belongs to another log${said}. If you copied a backup over it, move the directory away, and ` +
      'copy the backup into an empty one; otherwise `shrike log verify` shows where the damage begins, and a backup can replace it',
    { cause },
  )
}
