import type { TrainingHistograms } from '../models/training-histograms.ts'
import { compareHours, type DriftOptions, type DriftReport, usualDrift } from './drift.ts'
import type { HoursProjection } from './hours-projection.ts'
import { type LabelLag, labelLags } from './label-lag.ts'
import { TrainingReference } from './training-reference.ts'

export interface MonitorReport extends DriftReport {
  readonly labels: readonly LabelLag[]
}

/** What a model says of its training. */
interface TrainedModel {
  readonly predictor: { readonly histograms?: TrainingHistograms } | undefined
  readonly categories: Readonly<Record<string, readonly string[]>>
}

export interface MonitorOptions {
  /** What was decided by the hour; throws NOT_READY while that is being made. */
  readonly hours: () => HoursProjection
  readonly model: () => TrainedModel
  /** Lets others go first, after each step. */
  readonly turn: () => Promise<unknown>
}

/** Compares what is decided with what was, when somebody asks; the same hours are compared once. */
export class Monitor {
  readonly #options: MonitorOptions
  #newest: MonitorReport | undefined
  #last: { readonly of: string; readonly report: Promise<MonitorReport> } | undefined

  constructor(options: MonitorOptions) {
    this.#options = options
  }

  /** The last report that somebody asked for. */
  get newest(): MonitorReport | undefined {
    return this.#newest
  }

  /** @throws FraudError NOT_READY */
  drift(options: DriftOptions = usualDrift): Promise<MonitorReport> {
    const projection = this.#options.hours()
    const { hours, definition } = projection
    const of = [hours.newest, hours.revisions, hours.late, definition?.sequence, JSON.stringify(options)].join(' ')
    if (this.#last?.of !== of) {
      const report = this.#compare(projection, options)
      this.#last = { of, report }
      report
        .then((made) => {
          this.#newest = made
        })
        .catch(() => {
          this.#last = undefined
        })
    }
    return this.#last.report
  }

  async #compare(projection: HoursProjection, options: DriftOptions): Promise<MonitorReport> {
    const { model, turn } = this.#options
    const { predictor, categories } = model()
    const { histograms } = predictor ?? {}
    const training = histograms && new TrainingReference(histograms, categories)
    const steps = reportOf(projection, training, options)
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value
      await turn()
    }
  }
}

function* reportOf(
  projection: HoursProjection,
  training: TrainingReference | undefined,
  options: DriftOptions,
): Generator<undefined, MonitorReport> {
  const report = yield* compareHours(projection, training, options)
  return { ...report, labels: yield* labelLags(projection.hours) }
}
