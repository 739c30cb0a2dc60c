import assert from 'node:assert/strict'
import { holdsCardNumber } from '../core/card-number.ts'
import { type FieldError, FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import {
  type AlertChange,
  type AlertDefinition,
  type AlertEvent,
  type AlertKind,
  type AlertSink,
  alertChangeSchema,
  type Condition,
  usualAlerts,
} from '../monitoring/alert.ts'
import { type AlertsProjection, keyOf } from '../monitoring/alerts-projection.ts'
import { conditionsOf, type Observations, type ServiceState } from '../monitoring/conditions.ts'
import { appendChange } from './append-change.ts'
import { notReady } from './local-intake.ts'
import { type Approved, requireApproval } from './require-approval.ts'
import type { ServiceLog } from './service-log.ts'

const lookEveryMs = 15_000
/** An alert ends once nothing has spoken for it so long. */
const calmMs = 30 * 60_000

type Begun = Extract<AlertChange, { kind: 'fired' }>
type Ended = Extract<AlertChange, { kind: 'resolved' }>

/** Who says what alerts are asked for, why, and of which version it is a change. */
interface AlertContext extends Approved {
  readonly why: string
  readonly ifVersion?: number | undefined
}

/** What alerts would be asked for, what that would change, and the version that it is a change of. */
interface DraftedAlerts {
  readonly alerts: readonly AlertDefinition[]
  readonly version: number
  readonly diff: readonly string[]
}

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
  /** Whether somebody else has to approve what alerts are asked for. */
  readonly asksForApproval?: (() => boolean) | undefined
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
   * What alerts are to be asked for, looked at, and what it would change.
   *
   * @param others what else was sent, which is refused.
   *
   * @throws FraudError INPUT_INVALID, NOT_READY
   */
  draft(given: unknown, others: object): DraftedAlerts {
    const parsed = alertChangeSchema.safeParse({ ...others, kind: 'definitions', alerts: given })
    if (!parsed.success) {
      const errors = parsed.error.issues.map(({ path, message }) => ({
        field: path.join('.') || '(body)',
        reason: message,
      }))
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
    const errors = change.alerts.flatMap(whatDoesNothing)
    if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'The alerts are not valid', { errors })
    const projection = this.#options.alerts()
    if (projection === undefined) throw notReady
    const alerts = change.alerts.map((each) => ({ ...each }))
    return { alerts, version: projection.definedBy, diff: tellAlerts(projection.definitions, alerts) }
  }

  /**
   * Says what alerts are asked for; kinds that are left out are as usual.
   *
   * @param others what else was sent, which is refused.
   *
   * @returns the number of the record.
   * @throws FraudError INPUT_INVALID, LOG_UNAVAILABLE, NOT_READY, APPROVAL_REQUIRED, POLICY_CHANGED
   */
  async define(given: unknown, others: object, context: AlertContext): Promise<number> {
    const { log, clock, asksForApproval } = this.#options
    requireApproval(asksForApproval, context)
    const { alerts, version } = this.draft(given, others)
    const { by, approvedBy, why, ifVersion } = context
    if (ifVersion !== undefined && ifVersion !== version) {
      const message = `Alerts are in version ${version} by now; what was sent is a change of version ${ifVersion}`
      throw new FraudError('POLICY_CHANGED', message)
    }
    const approved = approvedBy !== undefined && { approvedBy }
    const change = { kind: 'definitions' as const, alerts: [...alerts] }
    return await appendChange(log, { kind: 'alert', by, why, atMs: clock(), change, ...approved })
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

const shares: ReadonlySet<AlertKind> = new Set(['missing', 'unknown-categories', 'history-short', 'shadow-drops'])

/** What of a definition could never have an effect, or must not be kept for ever. */
function whatDoesNothing({ kind, limit, note = '' }: AlertDefinition, i: number): readonly FieldError[] {
  const errors: FieldError[] = []
  const tell = (field: string, reason: string) => errors.push({ field: `alerts.${i}.${field}`, reason })
  if (limit !== undefined && usualAlerts.find((usual) => usual.kind === kind)?.limit === undefined)
    tell('limit', `${kind} has none`)
  else if (limit !== undefined && shares.has(kind) && limit >= 1) tell('limit', 'it must be less than 1: it is a share')
  if (holdsCardNumber(note)) tell('note', 'holds what may be a card number, which nothing takes out of the log')
  return errors
}

/** What would be asked for otherwise, a line for each kind. */
function tellAlerts(now: readonly AlertDefinition[], asked: readonly AlertDefinition[]): readonly string[] {
  return usualAlerts.flatMap((usual) => {
    const [before, after] = [now, asked].map((all) => tellAlert(all.find(({ kind }) => kind === usual.kind) ?? usual))
    return before === after ? [] : [`alert ${usual.kind}: ${after}, where it was ${before}`]
  })
}

function tellAlert({ isOn, severity, limit, note }: AlertDefinition): string {
  const parts = [isOn ? 'on' : 'off', severity, ...(limit === undefined ? [] : [`limit ${limit}`])]
  return [...parts, ...(note === undefined ? [] : [`note ${JSON.stringify(note)}`])].join(', ')
}
