import type { LiveService } from '../scoring/live-service.ts'

/** The id of an item that was refused, read once more; undefined where it has none that can be told. */
export function readableId(live: LiveService, read: () => unknown): string | undefined {
  try {
    return live.idOf(read())
  } catch {
    // What is not even JSON has no id.
    return undefined
  }
}
