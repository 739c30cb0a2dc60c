import type { Registry } from 'prom-client'

/** What happened today, by UTC, or since the process began, if that was later. */
export interface DayCounts {
  readonly sinceMs: number
  readonly outcomes: ReadonlyMap<string, number>
  readonly degraded: ReadonlyMap<string, number>
  readonly labels: number
}

const dayMs = 86_400_000

/** Takes what the metrics count at each midnight from what they count when asked: nothing is done for a decision. */
export class DayCounter {
  readonly #registry: Registry
  #sinceMs: number
  #atMidnight = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(registry: Registry, nowMs: number) {
    this.#registry = registry
    this.#sinceMs = nowMs
    this.#wait(nowMs)
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
    }
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #wait(nowMs: number): void {
    const midnightMs = (Math.floor(nowMs / dayMs) + 1) * dayMs
    this.#timer = setTimeout(() => {
      void this.#totals().then((totals) => {
        this.#atMidnight = totals
        this.#sinceMs = midnightMs
      })
      this.#wait(midnightMs)
    }, midnightMs - nowMs)
    this.#timer.unref()
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
