interface Closable {
  close(): unknown
}

/** Closes one after the other, each although one before it could not be closed. @throws what the first of those threw. */
export async function closeEach(parts: readonly (Closable | undefined)[]): Promise<void> {
  const failures: unknown[] = []
  for (const part of parts) {
    try {
      await part?.close()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
