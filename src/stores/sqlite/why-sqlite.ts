import { isDiskFull } from '../../core/disk-full.ts'

/** Why SQLite could not do it, in words for people: it calls a full disk an I/O error where it is one of its own files. */
export function whySqlite(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return isDiskFull(cause) ? 'the disk is full' : cause.message
}
