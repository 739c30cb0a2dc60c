import { FraudError } from '../core/errors.ts'
import type { ClusterDefinition } from './cluster-definition.ts'
import { encodeEntry, type IntakeEntry, type KeyLabelEntry } from './entries.ts'
import type { Front } from './front.ts'
import type { DueLabel, HomeFold } from './home-fold.ts'
import { homeLane, placeOf } from './lanes.ts'
import type { Appended, OrderedLog } from './ordered-log.ts'

export interface HealerOptions {
  readonly log: OrderedLog
  readonly front: Pick<Front, 'finish'>
  readonly control: { definition(position: number): ClusterDefinition | undefined }
  readonly partitions: number
  readonly clock: () => number
  readonly unansweredMs: number
  readonly onError: (error: unknown) => void
}

const labelsAtOnce = 500
const intakesAtOnce = 64

/** Does what is left undone at home: decides what no front has decided, and takes labels to the lanes in which they count. */
export class Healer {
  readonly #options: HealerOptions
  readonly #deciding = new Set<string>()
  readonly #forwarding = new Set<number>()

  constructor(options: HealerOptions) {
    this.#options = options
  }

  /** Begins what is to be done; all holders of a home may do the same, since what is there twice is a repeat. */
  heal(partition: number, fold: HomeFold): void {
    this.#decide(fold)
    if (fold.due.length > 0) void this.#forward(partition, fold.due.slice(0, labelsAtOnce))
  }

  #decide(fold: HomeFold): void {
    const { clock, unansweredMs } = this.#options
    const untilMs = clock() - unansweredMs
    for (const { intake, atMs } of fold.open) {
      if (atMs > untilMs || this.#deciding.size >= intakesAtOnce) return
      if (!this.#deciding.has(intake.id)) void this.#finish(intake)
    }
  }

  async #finish(intake: IntakeEntry): Promise<void> {
    this.#deciding.add(intake.id)
    try {
      await this.#options.front.finish(intake, true)
    } catch (error) {
      this.#options.onError(error)
    } finally {
      this.#deciding.delete(intake.id)
    }
  }

  /** In their order and one batch after the other, so that a lane has seen all before the highest that it has seen. */
  async #forward(partition: number, due: readonly DueLabel[]): Promise<void> {
    if (this.#forwarding.has(partition)) return
    this.#forwarding.add(partition)
    const { log, onError } = this.#options
    try {
      await log.append(due.flatMap((each) => this.#keyLabels(partition, each)))
      const through = due[due.length - 1].number
      await log.append([{ lane: homeLane, partition, bytes: encodeEntry({ kind: 'forwarded', through }) }])
    } catch (error) {
      onError(error)
    } finally {
      this.#forwarding.delete(partition)
    }
  }

  #keyLabels(home: number, { number, intake, label }: DueLabel): readonly Appended[] {
    const { control, partitions } = this.#options
    const { isFraud, knownAtMs, source } = label
    const definition = control.definition(intake.definition)
    // This replica has not read the control lane so far yet: the next turn tries again.
    if (definition === undefined) throw new FraudError('NOT_READY', `The definition at ${intake.definition} is to come`)
    return definition.parts.flatMap((lane) => {
      const key = lane.keyOf(intake)
      if (key === undefined) return []
      const { id, definition, timestampMs, receivedAtMs, fields } = lane.reduce(intake)
      const sent = { id, definition, timestampMs, receivedAtMs, fields }
      const entry: KeyLabelEntry = { kind: 'key-label', home, number, ...sent, isFraud, knownAtMs, source }
      return [{ ...placeOf(lane.lane, key, partitions), bytes: encodeEntry(entry) }]
    })
  }
}
