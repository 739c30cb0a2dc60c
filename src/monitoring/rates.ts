import { wilsonInterval } from '../core/wilson-interval.ts'
import { outcomes } from '../detector/detector-schema.ts'
import type { Figure } from './divergence.ts'
import { dayHours, type HourlyCounts, weekHours } from './hourly-counts.ts'
import { counters } from './hours-projection.ts'

/** How often something happened in the last 24 whole hours, and in the same hours of the weeks before. */
interface Rate {
  /** Such as `outcome:decline`, `rule:large-first`, `degraded:history-short`. */
  readonly name: string
  readonly count: number
  /** Of the decisions of the same hours, with its 95 % interval; null without any. */
  readonly share: Figure | null
  readonly pastCount: number
  readonly pastShare: Figure | null
  /** Whether chance does not explain the difference, by how much days differ. */
  readonly isChanged: boolean
}

export interface Rates {
  readonly decisions: number
  readonly pastDecisions: number
  /** Weeks before that have the same hours. */
  readonly weeks: number
  readonly rates: readonly Rate[]
}

const mostWeeks = 4
/** A change is told from here on: a rule that fired once and now twice is none. */
const leastChange = 0.005
const leastRatio = 1.5
const z = 5

/** Decisions with everything that is counted of them. */
interface Day {
  decisions: number
  readonly counts: Map<string, number>
}

/** What share of decisions had each outcome, each rule, each kind of degradation. */
export function compareRates(hours: HourlyCounts): Rates {
  const all = hours.hours
  const end = hours.newest
  const first = all[0] ?? end
  const dayAt = (day: number) => sumDay(hours, end - (day + 1) * dayHours, end - day * dayHours)
  const held = Math.max(0, Math.floor((end - first - 1) / dayHours))
  const weeks = Math.min(mostWeeks, Math.floor((held * dayHours - dayHours) / weekHours))
  const current = dayAt(0)
  const past = addDays(Array.from({ length: Math.max(0, weeks) }, (_, week) => dayAt(7 * (week + 1))))
  const days = Array.from({ length: Math.min(held, 28) }, (_, day) => dayAt(day + 1)).filter((day) => day.decisions > 0)
  const names = new Set([...current.counts.keys(), ...past.counts.keys()].filter((name) => !name.startsWith('label:')))
  const rates = [...names].sort().map((name) => rateOf(name, current, past, days))
  return { decisions: current.decisions, pastDecisions: past.decisions, weeks: Math.max(0, weeks), rates }
}

function rateOf(name: string, current: Day, past: Day, days: readonly Day[]): Rate {
  const [count, pastCount] = [current.counts.get(name) ?? 0, past.counts.get(name) ?? 0]
  const [share, pastShare] = [shareOf(count, current.decisions), shareOf(pastCount, past.decisions)]
  return { name, count, share, pastCount, pastShare, isChanged: isChanged(name, current, past, days) }
}

function shareOf(count: number, decisions: number): Figure | null {
  return decisions === 0 ? null : { value: count / decisions, ...wilsonInterval(count, decisions) }
}

function isChanged(name: string, current: Day, past: Day, days: readonly Day[]): boolean {
  if (current.decisions === 0 || past.decisions === 0) return false
  const [count, pastCount] = [current.counts.get(name) ?? 0, past.counts.get(name) ?? 0]
  const [now, before] = [count / current.decisions, pastCount / past.decisions]
  const [less, more] = now < before ? [now, before] : [before, now]
  if (more - less < leastChange || more < leastRatio * less) return false
  // Agresti and Caffo: what happened once more or less often is no certainty.
  const pooled = (count + pastCount + 1) / (current.decisions + past.decisions + 2)
  const variance = pooled * (1 - pooled) * (1 / current.decisions + 1 / past.decisions)
  return Math.abs(now - before) > z * Math.sqrt(variance * spreadOf(name, days))
}

/** How many times as much the share of a day varies as that of decisions that come one by one. */
function spreadOf(name: string, days: readonly Day[]): number {
  if (days.length < 7) return 4
  const decisions = days.reduce((sum, day) => sum + day.decisions, 0)
  const count = days.reduce((sum, day) => sum + (day.counts.get(name) ?? 0), 0)
  const mean = count / decisions
  if (mean === 0 || mean === 1) return 1
  const ratios = days.map((day) => {
    const share = (day.counts.get(name) ?? 0) / day.decisions
    return ((share - mean) ** 2 * day.decisions) / (mean * (1 - mean))
  })
  return Math.max(1, ratios.reduce((sum, ratio) => sum + ratio, 0) / (days.length - 1))
}

function sumDay(hours: HourlyCounts, from: number, to: number): Day {
  const day: Day = { decisions: 0, counts: new Map() }
  for (let hour = from; hour < to; hour++) {
    for (const [name, count] of hours.counters(hour) ?? []) day.counts.set(name, (day.counts.get(name) ?? 0) + count)
  }
  day.decisions = outcomes.reduce((sum, outcome) => sum + (day.counts.get(counters.outcome(outcome)) ?? 0), 0)
  return day
}

function addDays(days: readonly Day[]): Day {
  const sum: Day = { decisions: 0, counts: new Map() }
  for (const { decisions, counts } of days) {
    sum.decisions += decisions
    for (const [name, count] of counts) sum.counts.set(name, (sum.counts.get(name) ?? 0) + count)
  }
  return sum
}
