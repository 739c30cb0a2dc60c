import { StateReader, StateWriter } from '../core/state-bytes.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { Steps } from '../core/time-slices.ts'
import { readJson } from '../decisioning/saved-definitions.ts'
import { contentOfChange } from '../log/change-format.ts'
import type { LogRecord } from '../log/log-record.ts'
import type { Projection } from '../log/projection.ts'
import { type AlertChange, type AlertDefinition, type AlertEvent, alertChangeSchema, usualAlerts } from './alert.ts'

/** Changes that are listed. */
const mostEvents = 500

interface Saved {
  readonly definitions: readonly AlertDefinition[]
  readonly version: number
  readonly firing: readonly AlertEvent[]
  readonly events: readonly AlertEvent[]
}

/** What alerts are asked for, which of them hold, and the newest changes, as records of the kind `alert` say. */
export class AlertsProjection implements Projection {
  readonly name = 'alerts'
  readonly version = 1
  #definitions: readonly AlertDefinition[] = []
  #version = 0
  readonly #firing = new Map<string, AlertEvent>()
  #events: AlertEvent[] = []

  /** One for each kind. */
  get definitions(): readonly AlertDefinition[] {
    return usualAlerts.map((usual) => this.#definitions.find(({ kind }) => kind === usual.kind) ?? usual)
  }

  /** The number of the record that defined them last; 0 of the usual ones. */
  get definedBy(): number {
    return this.#version
  }

  get firing(): readonly AlertEvent[] {
    return [...this.#firing.values()]
  }

  /** The newest changes, the oldest of them first. */
  get events(): readonly AlertEvent[] {
    return this.#events
  }

  isCarried(): boolean {
    return this.#version > 0 || this.#events.length > 0
  }

  /** @throws FraudError LOG_TOO_NEW */
  take(record: LogRecord, sequence: number): void {
    if (record.kind !== 'alert') return
    const change = contentOfChange(alertChangeSchema, record, sequence, 'changes alerts in a way')
    this.#apply(change, sequence, formatIsoTime(record.atMs))
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    const state: Saved = {
      definitions: this.#definitions,
      version: this.#version,
      firing: this.firing,
      events: [],
    }
    writer.text(JSON.stringify(state))
    writer.double(this.#events.length)
    for (const event of this.#events) {
      writer.text(JSON.stringify(event))
      yield* writer.take()
    }
    yield* writer.take(true)
  }

  *load(chunks: Iterable<Uint8Array>): Steps {
    const reader = new StateReader(chunks)
    const { definitions, version, firing } = readJson<Saved>(reader)
    this.#definitions = definitions
    this.#version = version
    for (const event of firing) this.#firing.set(keyOf(event), event)
    for (let left = reader.count(mostEvents); left > 0; left--) {
      this.#events.push(readJson<AlertEvent>(reader))
      yield
    }
    reader.end()
  }

  #apply(change: AlertChange, sequence: number, at: string): void {
    if (change.kind === 'definitions') {
      this.#definitions = change.alerts
      this.#version = sequence
      return
    }
    const key = keyOf(change)
    const begun = this.#firing.get(key)
    if (change.kind === 'fired') {
      const { kind: _, ...told } = change
      const event: AlertEvent = { ...told, sequence, at, state: 'firing', since: begun?.since ?? at }
      this.#firing.set(key, event)
      this.#note(event)
    } else if (begun !== undefined) {
      this.#firing.delete(key)
      this.#note({ ...begun, sequence, at, state: 'resolved', text: change.text })
    }
  }

  #note(event: AlertEvent): void {
    this.#events.push(event)
    if (this.#events.length > mostEvents) this.#events = this.#events.slice(-mostEvents)
  }
}

export function keyOf({ alert, subject }: { readonly alert: string; readonly subject: string }): string {
  return `${alert} ${subject}`
}
