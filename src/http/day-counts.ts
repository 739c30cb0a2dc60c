import type { Registry } from 'prom-client'

/** What happened today, by UTC, or since the process began, if that was later. */
export interface DayCounts {
  readonly sinceMs: number
  readonly outcomes: ReadonlyMap<string, number>
  readonly degraded: ReadonlyMap<string, number>
  readonly labels: number
  /** When the last label came, today or before; undefined where none has since the process began. */
  readonly lastLabelMs: number | undefined
}

const dayMs = 86_400_000

/** Takes what the metrics count at each midnight from what they count when asked: nothing is done for a decision. */
export class DayCounter {
  readonly #registry: Registry
  readonly #nowMs: () => number
  #sinceMs: number
  #atMidnight = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(registry: Registry, nowMs: () => number) {
    this.#registry = registry
    this.#nowMs = nowMs
    this.#sinceMs = nowMs()
    this.#wait()
  }

  async counts(): Promise<DayCounts> {
    const now = await this.#totals()
    const today = (name: string) => {
      const found = new Map<string, number>()
      for (const [key, total] of now) {
        const [metric, value = ''] = key.split(' ')
        if (metric === name) found.set(value, total - (this.#atMidnight.get(key) ?? 0))
      }
      return found
    }
    const labels = [...today('shrike_labels_total').values()].reduce((sum, count) => sum + count, 0)
    return {
      sinceMs: this.#sinceMs,
      outcomes: today('shrike_decisions_total'),
      degraded: today('shrike_decisions_degraded_total'),
      labels,
      lastLabelMs: await this.#lastLabelMs(),
    }
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  /** Waits by the clock each day, so that a timer that is late or early shifts no later midnight. */
  #wait(): void {
    const nowMs = this.#nowMs()
    const midnightMs = (Math.floor(nowMs / dayMs) + 1) * dayMs
    this.#timer = setTimeout(() => {
      if (this.#nowMs() >= midnightMs) {
        void this.#totals().then((totals) => {
          this.#atMidnight = totals
          this.#sinceMs = midnightMs
        })
      }
      this.#wait()
    }, midnightMs - nowMs)
    this.#timer.unref()
  }

  async #lastLabelMs(): Promise<number | undefined> {
    const metric = await this.#registry.getSingleMetric('shrike_last_label_timestamp_seconds')?.get()
    const seconds = metric?.values[0]?.value
    return seconds === undefined ? undefined : seconds * 1000
  }

  async #totals(): Promise<Map<string, number>> {
    const totals = new Map<string, number>()
    for (const name of ['shrike_decisions_total', 'shrike_decisions_degraded_total', 'shrike_labels_total']) {
      const metric = await this.#registry.getSingleMetric(name)?.get()
      for (const { labels, value } of metric?.values ?? []) {
        totals.set(`${name} ${Object.values(labels).join(' ')}`, value)
      }
    }
    return totals
  }
}
