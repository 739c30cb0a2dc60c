import { FraudError } from './errors.ts'

/** As people say it: 9.1 GB, 640 MB. */
function sayBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/**
 * Refuses work that would not fit into memory before it begins: else the system ends the process in the middle of it.
 *
 * @param what the work, as the beginning of a sentence.
 * @param freeBytes what the process may still take, of the machine or of its container.
 * @throws FraudError MEMORY_SHORT
 */
export function requireMemory(
  what: string,
  { needBytes, hint }: { readonly needBytes: number; readonly hint: string },
  freeBytes = process.availableMemory(),
): void {
  if (needBytes <= freeBytes) return
  throw new FraudError(
    'MEMORY_SHORT',
    `${what} needs about ${sayBytes(needBytes)} of memory, and ${sayBytes(freeBytes)} are free`,
    { hint },
  )
}
