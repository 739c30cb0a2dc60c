import type { JsonObject } from '../core/json-value.ts'

/** Something that somebody did, or was refused. */
export interface AuditEntry {
  readonly id: number
  readonly atMs: number
  /** The principal's name. */
  readonly who: string
  readonly what: string
  /** What it was done to: the path of a request, a user, a key. */
  readonly target: string | null
  /** The address that it came from; null of a command. */
  readonly from: string | null
  readonly detail: JsonObject
}

export interface AuditQuery {
  readonly who?: string | undefined
  readonly what?: string | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  /** Only entries with smaller numbers. */
  readonly before: number
  readonly limit: number
}

/** Where entries are kept. */
export interface AuditStore {
  add(entry: Omit<AuditEntry, 'id'>): void
  /** Newest first. */
  list(query: AuditQuery): readonly AuditEntry[]
}

interface Repeated {
  readonly entry: Omit<AuditEntry, 'id' | 'atMs'>
  count: number
}

const minuteMs = 60_000
const mostKeys = 200

/** Who did what, when and from where. What is refused again and again is counted by the minute, so that nobody fills the disk. */
export class Audit {
  readonly #store: AuditStore
  readonly #clock: () => number
  readonly #refused = new Map<string, Repeated>()
  #minuteMs = Number.NEGATIVE_INFINITY

  constructor(store: AuditStore, clock: () => number) {
    this.#store = store
    this.#clock = clock
  }

  note(entry: Omit<AuditEntry, 'id' | 'atMs'>): void {
    this.#store.add({ ...entry, atMs: this.#clock() })
  }

  /** The first of a kind within a minute is kept at once, and how many came after it at the minute's end. */
  refuse(entry: Omit<AuditEntry, 'id' | 'atMs'>): void {
    const nowMs = this.#clock()
    if (nowMs - this.#minuteMs >= minuteMs) {
      this.flush()
      this.#minuteMs = nowMs
    }
    const { who, what, target, from, detail } = entry
    const key = JSON.stringify([who, what, target, from, detail])
    const known = this.#refused.get(key)
    if (known !== undefined) {
      known.count += 1
    } else if (this.#refused.size < mostKeys) {
      this.#refused.set(key, { entry, count: 0 })
      this.note(entry)
    } else {
      const others = this.#refused.get('') ?? { entry: { ...entry, ...allOthers }, count: 0 }
      others.count += 1
      this.#refused.set('', others)
    }
  }

  list(query: AuditQuery): readonly AuditEntry[] {
    return this.#store.list(query)
  }

  flush(): void {
    for (const { entry, count } of this.#refused.values())
      if (count > 0) this.note({ ...entry, detail: { ...entry.detail, repeated: count } })
    this.#refused.clear()
  }
}

const allOthers = { who: 'several', what: 'refused', target: null, from: null, detail: {} } as const
