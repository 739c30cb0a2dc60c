import type { Label, LabelledEvent } from './history.ts'

interface PendingLabel {
  readonly event: LabelledEvent
  readonly label: Label
}

/** Labels that are still to come, the next one first; of one instant, that of the earlier transaction. A binary heap. */
export class LabelQueue {
  readonly #heap: PendingLabel[] = []

  add(pending: PendingLabel): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!comesBefore(pending, heap[parent])) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = pending
  }

  /** Takes out the next label if it was known by then. */
  due(timestampMs: number): PendingLabel | undefined {
    const [next] = this.#heap
    if (next === undefined || next.label.knownAtMs > timestampMs) return undefined
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) this.#sink(last)
    return next
  }

  #sink(pending: PendingLabel): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && comesBefore(heap[child + 1], heap[child])) child++
      if (!comesBefore(heap[child], pending)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = pending
  }
}

function comesBefore(one: PendingLabel, other: PendingLabel): boolean {
  const earlier = one.label.knownAtMs - other.label.knownAtMs
  return earlier === 0 ? one.event.sequence < other.event.sequence : earlier < 0
}
