import type { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import type { Outcome } from '../detector/detector-schema.ts'
import type { Membership } from '../language/index.ts'
import type { EntryDefinition, ListDefinition } from './list-definition.ts'
import { ListEntries } from './list-entries.ts'
import type { Strength } from './opinion.ts'
import type { ListHit } from './policy-trace.ts'

const fewestToSweep = 1024

/** A list with its entries. */
class List {
  readonly entries = new ListEntries()
  /** As many entries as expired ones are looked for at. */
  sweepAt = fewestToSweep

  /** Drops what has expired by the time of a record, so that all who take the same records drop the same. */
  sweep(atMs: number): void {
    if (this.entries.size < this.sweepAt) return
    this.entries.dropExpired(atMs)
    this.sweepAt = Math.max(fewestToSweep, 2 * this.entries.size)
  }
}

/** Entries by the names of their lists, for one decision after the other. */
export class Lists {
  readonly #lists = new Map<string, List>()
  /** A list keeps its slot, so that compiled rules stay as they are. */
  readonly #slots = new Map<string, number>()
  /** The lists by slot, for rules; they answer as of `atMs`. */
  readonly memberships: Membership[] = []
  atMs = 0

  get slots(): ReadonlyMap<string, number> {
    return this.#slots
  }

  entriesOf(name: string): ListEntries | undefined {
    return this.#lists.get(name)?.entries
  }

  /** Drops lists that are not named, and begins those that are new. */
  set(names: Iterable<string>): void {
    const wanted = new Set(names)
    for (const name of this.#lists.keys()) if (!wanted.has(name)) this.#lists.delete(name)
    for (const name of wanted) {
      if (!this.#lists.has(name)) this.#lists.set(name, new List())
      if (this.#slots.has(name)) continue
      this.#slots.set(name, this.memberships.length)
      this.memberships.push({ has: (text) => this.#lists.get(name)?.entries.has(text, this.atMs) })
    }
  }

  /** Removes first, then adds: a value that is both is there afterwards. */
  change(
    name: string,
    {
      remove = [],
      add = [],
    }: { readonly remove?: readonly string[] | undefined; readonly add?: readonly EntryDefinition[] | undefined },
    { by, atMs }: { readonly by: string; readonly atMs: number },
  ): void {
    const list = this.#lists.get(name)
    if (list === undefined) return
    for (const value of remove) list.entries.remove(value)
    for (const { expiresAt, ...entry } of add) {
      const expiresAtMs = expiresAt === undefined ? undefined : Date.parse(expiresAt)
      list.entries.put({ ...entry, addedAtMs: atMs, by, ...(expiresAtMs !== undefined && { expiresAtMs }) })
    }
    list.sweep(atMs)
  }

  *save(writer: StateWriter): Generator<Uint8Array> {
    writer.double(this.#lists.size)
    for (const [name, { entries, sweepAt }] of this.#lists) {
      writer.text(name)
      writer.double(sweepAt)
      yield* entries.save(writer)
    }
  }

  /** Reads entries into lists that have none. */
  *load(reader: StateReader): Steps {
    for (let left = reader.count(1_000_000); left > 0; left--) {
      const list = new List()
      const name = reader.text()
      list.sweepAt = reader.count(2 ** 32)
      yield* list.entries.load(reader)
      this.#lists.set(name, list)
    }
    this.set([...this.#lists.keys()])
  }
}

interface Effect {
  readonly outcome: Outcome
  readonly strength: Strength
}

const effects: Readonly<Record<Exclude<ListDefinition['effect'], 'none'>, Effect>> = {
  block: { outcome: 'decline', strength: 'final' },
  allow: { outcome: 'approve', strength: 'override' },
  watch: { outcome: 'review', strength: 'plain' },
}

/** What it means that a transaction's value is on a list; undefined where rules alone make something of it. */
export function opinionOfList({ name, of, effect }: ListDefinition): Omit<ListHit, 'entry'> | undefined {
  if (effect === 'none') return undefined
  const text = `The ${of} is on the ${effect} list ${name}`
  return { id: name, ...effects[effect], reason: { code: `list:${name}`, text } }
}
