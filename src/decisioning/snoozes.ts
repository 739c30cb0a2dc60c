export interface Snooze {
  readonly rule: string
  readonly key: string
  readonly value: string
  readonly untilMs: number
}

/** Rules that are silent for one value of a key or a field, each until a time. */
export class Snoozes {
  /** The end of each snooze by rule, key name and value. */
  readonly #rules = new Map<string, Map<string, Map<string, number>>>()

  /** @param atMs of the record: what has ended by then is dropped, so that a rule keeps none for ever. */
  add({ rule, key, value, untilMs }: Snooze, atMs: number): void {
    const keys = this.#rules.get(rule) ?? new Map<string, Map<string, number>>()
    for (const [name, values] of keys) {
      for (const [each, endMs] of values) if (endMs <= atMs) values.delete(each)
      if (values.size === 0) keys.delete(name)
    }
    const values = keys.get(key) ?? new Map<string, number>()
    values.delete(value)
    if (untilMs > atMs) values.set(value, untilMs)
    if (values.size > 0) keys.set(key, values)
    else keys.delete(key)
    if (keys.size > 0) this.#rules.set(rule, keys)
    else this.#rules.delete(rule)
  }

  /** A removed rule's snoozes end, too. */
  remove(rule: string): void {
    this.#rules.delete(rule)
  }

  /** @param textOf a key's or a field's value of the transaction. */
  isSilent(rule: string, atMs: number, textOf: (key: string) => string | undefined): boolean {
    const snoozed = this.#rules.size === 0 ? undefined : this.#rules.get(rule)
    if (snoozed === undefined) return false
    for (const [key, values] of snoozed) {
      const value = textOf(key)
      const untilMs = value === undefined ? undefined : values.get(value)
      if (untilMs !== undefined && atMs < untilMs) return true
    }
    return false
  }

  all(): readonly Snooze[] {
    return [...this.#rules].flatMap(([rule, keys]) =>
      [...keys].flatMap(([key, values]) => [...values].map(([value, untilMs]) => ({ rule, key, value, untilMs }))),
    )
  }

  load(saved: readonly Snooze[]): void {
    for (const snooze of saved) this.add(snooze, Number.NEGATIVE_INFINITY)
  }
}
