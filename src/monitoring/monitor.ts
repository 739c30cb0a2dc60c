import type { TrainingHistograms } from '../models/training-histograms.ts'
import { compareHours, type DriftOptions, type DriftReport, usualDrift } from './drift.ts'
import { counters, type HoursProjection } from './hours-projection.ts'
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

/** Compares what is decided with what was, when somebody asks; the same hours are compared once, and the same labels counted. */
export class Monitor {
  readonly #options: MonitorOptions
  readonly #drift = new Newest<DriftReport>()
  readonly #labels = new Newest<readonly LabelLag[]>()
  #newest: MonitorReport | undefined

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
    const of = [hours.newest, definition?.sequence].join(' ')
    const compared = [of, hours.revisions, hours.late, JSON.stringify(options)].join(' ')
    // They are counted in the newest hour, which is not over.
    const came = [true, false].map((isFraud) => hours.current?.counters.get(counters.label(isFraud)))
    return Promise.all([
      this.#drift.of(compared, () => this.#run(this.#compare(projection, options))),
      this.#labels.of([of, ...came].join(' '), () => this.#run(labelLags(hours))),
    ]).then(([drift, labels]): MonitorReport => {
      this.#newest = { ...drift, labels }
      return this.#newest
    })
  }

  #compare(projection: HoursProjection, options: DriftOptions): Generator<undefined, DriftReport> {
    const { predictor, categories } = this.#options.model()
    const { histograms } = predictor ?? {}
    return compareHours(projection, histograms && new TrainingReference(histograms, categories), options)
  }

  async #run<Made>(steps: Generator<undefined, Made>): Promise<Made> {
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value
      await this.#options.turn()
    }
  }
}

/** What was made last, for as long as it would be made of the same. */
class Newest<Made> {
  #last: { readonly of: string; readonly made: Promise<Made> } | undefined

  of(of: string, make: () => Promise<Made>): Promise<Made> {
    if (this.#last?.of === of) return this.#last.made
    const last = { of, made: make() }
    this.#last = last
    last.made.catch(() => {
      if (this.#last === last) this.#last = undefined
    })
    return last.made
  }
}
