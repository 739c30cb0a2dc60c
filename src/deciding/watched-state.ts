import type { Logger } from '../core/logger.ts'
import type { AlertSink } from '../monitoring/alert.ts'
import type { Observations, ServiceState } from '../monitoring/conditions.ts'
import type { Monitor } from '../monitoring/monitor.ts'
import { performanceOf } from '../monitoring/performance.ts'
import { compareRates } from '../monitoring/rates.ts'
import { AlertWatch } from './alert-watch.ts'
import type { Projections } from './projections.ts'
import type { ServiceLog } from './service-log.ts'

/** Scores that a shadow should have given since the start of the process. */
export interface ShadowCount {
  readonly model: string
  readonly dropped: number
  readonly all: number
}

interface Watched {
  readonly isReady: boolean
  readonly trippedFuses: readonly string[]
  readonly decider: { readonly state: { readonly projections: Projections } | undefined }
  readonly monitor: Monitor
}

interface WatchOptions {
  readonly log: ServiceLog
  readonly clock: () => number
  readonly logger: Logger
  readonly alertSink?: AlertSink | undefined
  readonly shadowCounts?: () => readonly ShadowCount[]
  readonly asksForApproval?: (() => boolean) | undefined
}

/** How long a canary that was taken back is told of. */
const rolledBackMs = 24 * 3_600_000

/** The watch over a decision path. */
export function watchAlerts(decisions: Watched, options: WatchOptions): AlertWatch {
  const { log, clock, logger, alertSink, asksForApproval, shadowCounts = () => [] } = options
  const projections = () => decisions.decider.state?.projections
  const shadows = sinceLastLook(shadowCounts)
  return new AlertWatch({
    ...{ log, clock, logger, asksForApproval, sink: alertSink },
    alerts: () => projections()?.alerts,
    async observe(): Promise<Observations | undefined> {
      const drift = await decisions.monitor.drift()
      const { hours, performance } = projections() ?? {}
      if (hours === undefined || performance === undefined) return undefined
      return {
        drift,
        rates: compareRates(hours.hours),
        lags: drift.labels,
        weeks: performanceOf(performance),
      }
    },
    state: () => ({
      fuses: projections() === undefined ? [] : decisions.trippedFuses,
      rolledBack: rolledBackBy(projections(), clock()),
      shadows: shadows(),
      notDeciding: whyNot(decisions.isReady, log),
    }),
  })
}

function sinceLastLook(counts: () => readonly ShadowCount[]): () => readonly ShadowCount[] {
  let before: readonly ShadowCount[] = []
  return () => {
    const now = counts()
    const since = now.map(({ model, dropped, all }) => {
      const last = before.find((each) => each.model === model)
      return { model, dropped: dropped - (last?.dropped ?? 0), all: all - (last?.all ?? 0) }
    })
    before = now
    return since
  }
}

function whyNot(isReady: boolean, log: ServiceLog): string | undefined {
  if (log.failure !== undefined) return `The log can not be written: ${log.failure.message}`
  return isReady ? undefined : 'Nothing is decided: what decisions rest on is being made from the log'
}

function rolledBackBy(projections: Projections | undefined, nowMs: number): ServiceState['rolledBack'] {
  const step = projections?.deployments.steps.findLast(({ by }) => by === 'guard')
  if (step === undefined || nowMs - step.atMs > rolledBackMs || !('model' in step.change)) return undefined
  return { model: String(step.change.model), why: step.why }
}
