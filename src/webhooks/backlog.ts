/** A record that was read, and that its lane has no room for. */
interface Left {
  readonly sequence: number
  /** When it was read first: the time from which its events are tried. */
  readonly offeredMs: number
}

/** Numbers of records that wait behind full lanes. What they say stays in the log, and is read once there is room. */
export class Backlog {
  readonly #lanes = new Map<string, Left[]>()
  /** Lanes that have room once more. */
  readonly #roomy = new Set<string>()
  #size = 0

  /** How many records. */
  get size(): number {
    return this.#size
  }

  get all(): readonly Left[] {
    return [...this.#lanes.values()].flat()
  }

  /** A lane that has room once more, if there is one. */
  get roomy(): string | undefined {
    return this.#roomy.values().next().value
  }

  has(lane: string): boolean {
    return this.#lanes.has(lane)
  }

  add(lane: string, left: Left): void {
    this.#size += 1
    const others = this.#lanes.get(lane)
    if (others === undefined) this.#lanes.set(lane, [left])
    else others.push(left)
  }

  /** Those that were taken out again, before all others of the lane. */
  addFirst(lane: string, left: readonly Left[]): void {
    if (left.length === 0) return
    this.#size += left.length
    this.#lanes.set(lane, [...left, ...(this.#lanes.get(lane) ?? [])])
  }

  first(lane: string): Left | undefined {
    return this.#lanes.get(lane)?.[0]
  }

  removeFirst(lane: string): void {
    const left = this.#lanes.get(lane)
    if (left?.shift() === undefined) return
    this.#size -= 1
    if (left.length > 0) return
    this.#lanes.delete(lane)
    this.#roomy.delete(lane)
  }

  setRoomy(lane: string, isRoomy: boolean): void {
    if (isRoomy && this.#lanes.has(lane)) this.#roomy.add(lane)
    else this.#roomy.delete(lane)
  }
}
