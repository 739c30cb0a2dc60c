import { FraudError } from '../core/errors.ts'
import type { ClusterDefinition } from './cluster-definition.ts'
import { encodeEntry, type KeyLabelEntry } from './entries.ts'
import type { Front } from './front.ts'
import type { DueLabel, HomeFold, OpenIntake } from './home-fold.ts'
import { homeLane, placeOf } from './lanes.ts'
import type { Appended, OrderedLog } from './ordered-log.ts'

export interface HealerOptions {
  readonly log: OrderedLog
  readonly front: Pick<Front, 'finish' | 'observe'>
  readonly control: { definition(position: number): ClusterDefinition | undefined }
  readonly partitions: number
  readonly clock: () => number
  readonly unansweredMs: number
  readonly onError: (error: unknown) => void
}

const labelsAtOnce = 500
const intakesAtOnce = 64

/** Does what is left undone at home: decides what no front has decided, and takes observations and labels to their lanes. */
export class Healer {
  readonly #options: HealerOptions
  readonly #closing = new Set<string>()
  readonly #forwarding = new Set<number>()

  constructor(options: HealerOptions) {
    this.#options = options
  }

  /** Begins what is to be done; all holders of a home may do the same, since what is there twice is a repeat. */
  heal(partition: number, fold: HomeFold): void {
    this.#close(fold)
    if (fold.due.length > 0) void this.#forward(partition, fold.due.slice(0, labelsAtOnce))
  }

  #close(fold: HomeFold): void {
    const { clock, unansweredMs } = this.#options
    const untilMs = clock() - unansweredMs
    for (const open of fold.open) {
      if (open.atMs > untilMs || this.#closing.size >= intakesAtOnce) return
      if (!this.#closing.has(open.intake.id)) void this.#finish(open)
    }
  }

  async #finish({ intake, decision }: OpenIntake): Promise<void> {
    const { front, onError } = this.#options
    this.#closing.add(intake.id)
    try {
      if (decision === undefined) await front.finish(intake, true)
      else await front.observe(intake)
    } catch (error) {
      onError(error)
    } finally {
      this.#closing.delete(intake.id)
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
