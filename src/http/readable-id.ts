import type { Decisions } from '../deciding/decisions.ts'

/** The id of an item that was refused, read once more; undefined where it has none that can be told. */
export function readableId(decisions: Decisions, read: () => unknown): string | undefined {
  try {
    return decisions.idOf(read())
  } catch {
    // What is not even JSON has no id.
    return undefined
  }
}
