import type { FraudError } from '../core/errors.ts'
import type { ClusterDefinition } from './cluster-definition.ts'
import type { Control } from './control.ts'
import { ControlReader } from './control-reader.ts'
import { Front, type FrontOptions } from './front.ts'
import { Healer } from './healer.ts'
import { type Held, Holder, type HolderOptions, type Mark } from './holder.ts'
import { HomeFold } from './home-fold.ts'
import { KeyFold } from './key-fold.ts'
import { homeLane } from './lanes.ts'
import { type OrderedLog, type Place, placeName } from './ordered-log.ts'
import type { LaneFold, Reply } from './replies.ts'

/** A fold as it was saved. */
export interface SavedFold {
  readonly mark: Mark
  readonly chunks: Iterable<Uint8Array>
}

export interface ReplicaOptions
  extends Omit<FrontOptions, 'definition' | 'controlPosition'>,
    Pick<HolderOptions, 'onFault'> {
  readonly log: OrderedLog
  readonly control: Control
  /** For how long ids are known. */
  readonly keepMs: number
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly send: (reply: Reply) => void
  /** Whether this replica folds a place; each should have two that do. */
  readonly holds: (place: Place) => boolean
  /** So long after its intake home's holders decide what nobody has decided. */
  readonly unansweredMs: number
  /** What was saved of a fold under its name; undefined where nothing was. */
  readonly saved?: ((name: string) => SavedFold | undefined) | undefined
  readonly onError: (error: unknown) => void
}

interface KeyHolder {
  readonly definition: ClusterDefinition
  readonly holder: Holder
  readonly held: readonly Held<KeyFold>[]
}

/** A replica of a cluster: its front, the folds of the places that it holds, and what heals what others left undone. */
export class Replica {
  readonly front: Front
  readonly #options: ReplicaOptions
  readonly #homes = new Map<number, HomeFold>()
  readonly #home: Holder
  readonly #healer: Healer
  readonly #keys = new Map<number, KeyHolder>()
  readonly #control: ControlReader
  #onControl = () => {}

  constructor(options: ReplicaOptions) {
    const { control } = options
    this.#options = options
    this.front = new Front({
      ...options,
      definition: (position) => control.definition(position),
      controlPosition: () => control.position,
    })
    this.#control = new ControlReader(options, () => this.#onControl())
    this.#home = this.#holder(() => true)
    this.#healer = new Healer({ ...options, front: this.front })
  }

  /** How many entries its folds took. */
  get taken(): number {
    return this.#holders.reduce((sum, { taken }) => sum + taken, 0)
  }

  /** Why places can't go on here. */
  get faults(): readonly FraudError[] {
    return this.#holders.flatMap(({ faults }) => faults)
  }

  /** How many places are behind where their logs ended when it began; the control lane, where it ended a second ago. */
  get lag(): number {
    return this.#holders.reduce((sum, { behind }) => sum + behind, this.isControlBehind ? 1 : 0)
  }

  /** Runs until aborted; rejects where a place can't be read any more. */
  async run(signal: AbortSignal): Promise<void> {
    // Folds of keys begin while the rest is awaited.
    const failed = Promise.withResolvers<never>()
    this.#onControl = () => {
      this.#openKeys(signal).catch(failed.reject)
      for (const { holder } of this.#keys.values()) holder.drain()
    }
    const control = this.#control.run(signal)
    const home = this.#home.run(this.#loadHomes(), signal)
    await Promise.race([failed.promise, Promise.all([home, control, this.#heal(signal)])])
  }

  /** Whether what the control lane held a second ago is not taken yet, or can't decide here. */
  get isControlBehind(): boolean {
    return this.#control.isBehind
  }

  get #holders(): readonly Holder[] {
    return [this.#home, ...[...this.#keys.values()].map(({ holder }) => holder)]
  }

  /** Each fold as it is now, by its name, for whoever keeps it; those that can't go on are left out. */
  *save(): Generator<SavedFold & { readonly name: string }> {
    for (const [partition, fold] of this.#homes) {
      const place = { lane: homeLane, partition }
      yield* saveFold(placeName(place), place, fold, this.#home)
    }
    for (const { definition, holder, held } of this.#keys.values()) {
      for (const { place, fold } of held) yield* saveFold(keyFoldName(place, definition), place, fold, holder)
    }
  }

  #loadHomes(): readonly Held[] {
    const { partitions, holds, keepMs } = this.#options
    const places = Array.from({ length: partitions }, (_, partition) => ({ lane: homeLane, partition })).filter(holds)
    return places.map((place) => {
      const held = this.#load(place, placeName(place), () => new HomeFold(keepMs))
      this.#homes.set(place.partition, held.fold)
      return held
    })
  }

  /** A fold as it was saved, or from the beginning. */
  #load<Fold extends LaneFold & { load(chunks: Iterable<Uint8Array>): void }>(
    place: Place,
    name: string,
    create: () => Fold,
  ): Held<Fold> {
    const saved = this.#options.saved?.(name)
    const fold = create()
    if (saved === undefined) return { place, fold }
    try {
      fold.load(saved.chunks)
      return { place, fold, mark: saved.mark }
    } catch (error) {
      // The log has all of it.
      this.#options.onError(error)
      return { place, fold: create() }
    }
  }

  /** Folds for the newest definition, beside those of the one before, until aborted. Of the past the newest is enough. */
  async #openKeys(signal: AbortSignal): Promise<void> {
    const { control, partitions, holds } = this.#options
    const definition = control.newest && control.definition(control.newest.keyedBy)
    if (definition === undefined || this.#keys.has(definition.position)) return
    const holder = this.#holder((position) => control.definition(position) !== undefined)
    const held = definition.parts.flatMap(({ lane, part }) =>
      Array.from({ length: partitions }, (_, partition) => ({ lane, partition }))
        .filter(holds)
        .map((place) => this.#load(place, keyFoldName(place, definition), () => new KeyFold(definition, part))),
    )
    this.#keys.set(definition.position, { definition, holder, held })
    await holder.run(held, signal)
  }

  #holder(knows: HolderOptions['knows']): Holder {
    const { log, send, onFault } = this.#options
    return new Holder({ log, knows, send, onFault })
  }

  async #heal(signal: AbortSignal): Promise<void> {
    const { wait, unansweredMs } = this.#options
    while (!signal.aborted) {
      await wait(unansweredMs / 5, signal)
      if (this.isControlBehind) continue
      for (const [partition, fold] of this.#homes) {
        if (!signal.aborted && this.#home.isLive({ lane: homeLane, partition })) this.#healer.heal(partition, fold)
      }
    }
  }
}

function keyFoldName(place: Place, { position }: ClusterDefinition): string {
  return `${placeName(place)}@${position}`
}

function* saveFold(
  name: string,
  place: Place,
  fold: LaneFold,
  holder: Holder,
): Generator<SavedFold & { name: string }> {
  const mark = holder.isLive(place) ? holder.markOf(place) : undefined
  if (mark !== undefined && fold.position >= 0) yield { name, mark, chunks: fold.save() }
}
