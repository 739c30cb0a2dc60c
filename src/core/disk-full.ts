/** SQLITE_FULL, and SQLITE_IOERR_SHMSIZE: there is no room for the file that readers and the writer share. */
const sqliteFull = new Set([13, 4874])
/** DuckDB's errors have no codes, but the words of the operating system, or those of its own bound of a full disk. */
const duckdbFull = /: No space left on device|max_temp_directory_size/

/** Whether an error, or what caused it, is that a disk has no room. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('errcode' in error && sqliteFull.has(Number(error.errcode))) return true
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) return true
  return duckdbFull.test(error.message) || isDiskFull(error.cause)
}
