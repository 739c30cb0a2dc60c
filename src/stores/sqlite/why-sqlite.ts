/** SQLITE_FULL, and SQLITE_IOERR_SHMSIZE: there is no room for the file that readers and the writer share. */
const fullDisk = new Set([13, 4874])

/** Why SQLite could not do it, in words for people: it calls a full disk an I/O error where it is one of its own files. */
export function whySqlite(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return 'errcode' in cause && fullDisk.has(Number(cause.errcode)) ? 'the disk is full' : cause.message
}
