import assert from 'node:assert/strict'
import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import {
  type AlertChange,
  type AlertEvent,
  type AlertSink,
  alertChangeSchema,
  type Condition,
  usualAlerts,
} from '../monitoring/alert.ts'
import { type AlertsProjection, keyOf } from '../monitoring/alerts-projection.ts'
import { conditionsOf, type Observations, type ServiceState } from '../monitoring/conditions.ts'
import { appendChange } from './append-change.ts'
import { notReady } from './local-intake.ts'
import type { ServiceLog } from './service-log.ts'

const lookEveryMs = 15_000
/** An alert ends once nothing has spoken for it so long. */
const calmMs = 30 * 60_000

type Begun = Extract<AlertChange, { kind: 'fired' }>
type Ended = Extract<AlertChange, { kind: 'resolved' }>

export interface AlertWatchOptions {
  readonly log: ServiceLog
  readonly clock: () => number
  readonly logger: Logger
  /** Undefined while the log is gone through. */
  readonly alerts: () => AlertsProjection | undefined
  readonly state: () => ServiceState
  /** What is known of decisions; takes its time. */
  readonly observe: () => Promise<Observations | undefined>
  readonly sink?: AlertSink | undefined
}

/** Looks at the service every few seconds, and records what somebody has to hear of: that it began, and that it is over. */
export class AlertWatch {
  readonly #options: AlertWatchOptions
  readonly #timer: NodeJS.Timeout
  /** When a condition was last there, by alert and subject. */
  readonly #seenMs = new Map<string, number>()
  #looking: Promise<void> | undefined
  #notDecidingSinceMs: number | undefined
  #isTold = false
  #toldThrough = 0

  constructor(options: AlertWatchOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.look(), lookEveryMs).unref()
  }

  get sinkFigures(): AlertSink['figures'] | undefined {
    return this.#options.sink?.figures
  }

  /** Looks now; resolves once what has changed is durable. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        const reason = error instanceof FraudError ? `${error.code}: ${error.message}` : String(error)
        this.#options.logger.warn({ reason }, 'alerts could not be looked at, which is tried again')
      })
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  /**
   * Says what alerts are asked for; kinds that are left out are as usual.
   *
   * @param others what else was sent, which is refused.
   *
   * @returns the number of the record.
   * @throws FraudError INPUT_INVALID, LOG_UNAVAILABLE, NOT_READY
   */
  async define(given: unknown, others: object, by: string, why: string): Promise<number> {
    const parsed = alertChangeSchema.safeParse({ ...others, kind: 'definitions', alerts: given })
    if (!parsed.success) {
      const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), reason: message }))
      throw new FraudError('INPUT_INVALID', 'The alerts are not valid', { errors })
    }
    const change = parsed.data
    assert(change.kind === 'definitions')
    const kinds = change.alerts.map(({ kind }) => kind)
    const twice = kinds.findIndex((kind, i) => kinds.indexOf(kind) < i)
    if (twice >= 0) {
      const errors = [{ field: `alerts.${twice}.kind`, reason: 'is defined twice' }]
      throw new FraudError('INPUT_INVALID', 'The alerts are not valid', { errors })
    }
    const { log, clock, alerts } = this.#options
    if (alerts() === undefined) throw notReady
    return await appendChange(log, {
      kind: 'alert',
      by,
      why,
      atMs: clock(),
      change: { ...change, alerts: change.alerts.map((each) => ({ ...each })) },
    })
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
    await this.#options.sink?.close()
  }

  async #look(): Promise<void> {
    const { clock, alerts, state, observe } = this.#options
    const projection = alerts()
    const now = state()
    if (projection === undefined || now.notDeciding !== undefined) return this.#tellNotDeciding(now)
    if (this.#isTold) this.#options.logger.info({}, 'decisions are made again')
    this.#isTold = false
    this.#notDecidingSinceMs = undefined
    this.#tellSink(projection)
    const conditions = conditionsOf(projection.definitions, now, await observe())
    const nowMs = clock()
    for (const condition of conditions) this.#seenMs.set(keyOf(condition), nowMs)
    const firing = new Map(projection.firing.map((event) => [keyOf(event), event]))
    for (const condition of conditions) {
      if (condition.begins && !firing.has(keyOf(condition)))
        await this.#record(fired(condition, projection), condition.text)
    }
    for (const event of firing.values()) {
      const seenMs = this.#seenMs.get(keyOf(event)) ?? nowMs
      this.#seenMs.set(keyOf(event), seenMs)
      if (nowMs - seenMs < calmMs) continue
      this.#seenMs.delete(keyOf(event))
      const text = `No longer so: ${event.text}`
      await this.#record({ kind: 'resolved', alert: event.alert, subject: event.subject, text }, text)
    }
    this.#tellSink(projection)
  }

  async #record(change: Begun | Ended, why: string): Promise<void> {
    const { log, clock, logger } = this.#options
    await appendChange(log, { kind: 'alert', by: 'monitor', why, atMs: clock(), change })
    const told = { alert: change.alert, why }
    if (change.kind === 'fired') logger.warn(told, 'an alert has begun')
    else logger.info(told, 'an alert is over')
  }

  /** In the order of their records, each once. */
  #tellSink(projection: AlertsProjection): void {
    for (const event of projection.events) {
      if (event.sequence <= this.#toldThrough) continue
      this.#toldThrough = event.sequence
      this.#options.sink?.tell(event)
    }
  }

  /** The log may be what fails, so this goes to the other sinks alone. */
  #tellNotDeciding({ notDeciding }: ServiceState): void {
    const { clock, logger, sink } = this.#options
    const nowMs = clock()
    this.#notDecidingSinceMs ??= nowMs
    if (this.#isTold || nowMs - this.#notDecidingSinceMs < 60_000) return
    this.#isTold = true
    const text = notDeciding ?? 'The log is being gone through, and nothing is decided until that is done'
    logger.error({ alert: 'not-deciding', why: text }, 'an alert has begun')
    const at = new Date(nowMs).toISOString()
    const severity = 'critical'
    const event: AlertEvent = {
      ...{ sequence: 0, at, since: new Date(this.#notDecidingSinceMs).toISOString(), state: 'firing' },
      ...{ alert: 'not-deciding', subject: 'service', severity, text, from: null, to: null },
    }
    sink?.tell(event)
  }
}

function fired({ alert, subject, text, from, to }: Condition, { definitions }: AlertsProjection): Begun {
  const definition = definitions.find(({ kind }) => kind === alert) ?? usualAlerts.find(({ kind }) => kind === alert)
  return { kind: 'fired', alert, subject, severity: definition?.severity ?? 'warning', text, from, to }
}
