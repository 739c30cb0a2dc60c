import { missingBin } from '../core/value-bins.ts'
import { z95 } from '../core/wilson-interval.ts'
import { weekdayOf } from '../models/training-histograms.ts'
import { type Compared, type Divergence, divergence, sharesOf } from './divergence.ts'
import { comparedOf, type Group } from './group-counts.ts'
import { dayHours, type HourlyCounts, hourMs, keptHours } from './hourly-counts.ts'
import type { HoursProjection } from './hours-projection.ts'
import { slotOfFeature, slotOfScore, unknownBin } from './monitored-features.ts'
import { shiftOf } from './shift.ts'
import type { TrainingReference } from './training-reference.ts'
import { groupsOf, larger, ofRows, type Usual, usualDays, usualOfPast } from './usual-differences.ts'
import { addSamples, meanOf, missingShare, type Sample, WindowCounts } from './window-counts.ts'

/** What a sample is compared with: the rows that the model learned from, or the same hours of the weeks before. */
export type Against = 'training' | 'past'

export interface DriftOptions {
  /** The PSI from which a feature is said to have moved, where chance does not explain it. */
  readonly threshold: number
  /** How far its values have to have moved on average, in standard deviations. */
  readonly leastShift: number
  /** How many standard deviations from what chance brings it has to be. */
  readonly z: number
}

/**
 * The field calls a PSI of 0.1 moderate. Half of it is told here, since it has to be beyond noise, and values have to have
 * moved: both together leave at most one false alarm in 20 weeks of hourly looks at a portfolio that does not change, and
 * amounts that grow by a third are told within a day (drift.test.ts).
 */
export const usualDrift: DriftOptions = { threshold: 0.05, leastShift: 0.2, z: 4 }

/** What a value was before, and is now; null without any row to tell it from. */
interface Moved {
  readonly from: number | null
  readonly to: number | null
}

export interface FeatureDrift extends Divergence {
  /** Null for the score. */
  readonly feature: string | null
  readonly against: Against
  readonly isDrift: boolean
  /** How far its values have moved on average, in standard deviations of the reference; of categories null. */
  readonly shift: number | null
  readonly rows: { readonly reference: number; readonly current: number }
  readonly mean: Moved
  readonly missing: Moved
  /** Texts of a category that the detector does not list; of numbers null. Against training they are among the missing ones. */
  readonly unknown: Moved | null
  /** What differences of days are usual; null where that is not known yet, so that no drift is told. */
  readonly usual: Usual | null
  readonly groups: readonly Group[]
}

/** Why a comparison is not made. */
export type NotCompared = 'no-decisions' | 'bundle-without-histograms' | 'no-whole-day' | 'past-too-short'

export interface DriftReport {
  /** The end of the newest whole hour; undefined before the first one. */
  readonly throughMs: number | undefined
  readonly model: string | null
  readonly features: readonly FeatureDrift[]
  readonly notCompared: Readonly<Partial<Record<Against, NotCompared>>>
  /** Decisions that came too late for their hour, and are in no figure. */
  readonly late: number
  /** Features beyond those that are monitored. */
  readonly unmonitored: readonly string[]
  /** Of how many decisions each feature is looked at in one. */
  readonly sampledOneIn: number
}

/** Slots whose days are held at once. */
const slotsAtOnce = 32
const mostWeeks = 4
/** Less is no change of a feature: the hours at which a weekend ends have a few more customers or a few less. */
const leastMoved = 0.03
/** So much more missing is a drift by itself. */
const leastMissing = 0.05

interface Task {
  readonly feature: string | null
  readonly slot: number
  readonly texts: readonly string[] | undefined
}

/**
 * Compares the last 24 whole hours with the same hours of the same weekdays before, and the last whole day (UTC) with the
 * training rows of its weekday, so that nights and weekends are no drift. A step takes about a millisecond; decisions may be
 * taken in between, since whole hours change no more but by what comes late.
 */
export function* compareHours(
  projection: HoursProjection,
  training: TrainingReference | undefined,
  options: DriftOptions = usualDrift,
): Generator<undefined, DriftReport> {
  const { hours, definition } = projection
  const end = hours.newest
  const model = definition?.model ?? null
  const names = definition?.features ?? []
  const tasks = tasksOf(projection, model, names)
  const report = {
    throughMs: Number.isFinite(end) ? end * hourMs : undefined,
    model,
    late: hours.late,
    unmonitored: names.filter((name) => !hours.slots.has(slotOfFeature(name))),
    sampledOneIn: Math.max(1, Math.ceil(names.length / 64)),
  }
  const first = hours.hours[0]
  if (first === undefined || first >= end) {
    return { ...report, features: [], notCompared: { past: 'no-decisions', training: 'no-decisions' } }
  }
  const windows = windowsOf(hours, first, end)
  const features: FeatureDrift[] = []
  for (let at = 0; at < tasks.length; at += slotsAtOnce) {
    const some = tasks.slice(at, at + slotsAtOnce)
    const wanted = new Set(some.map(({ slot }) => slot))
    const days: WindowCounts[] = []
    for (const hoursOfDay of windows.days) {
      days.push(sumOf(hours, hoursOfDay, wanted))
      yield
    }
    const lastDay = windows.lastDay && sumOf(hours, windows.lastDay.hours, wanted)
    for (const task of some) {
      features.push(...compareTask(task, days, windows, lastDay, training, options))
      yield
    }
  }
  const notCompared = {
    ...(windows.weeks === 0 && { past: 'past-too-short' as const }),
    ...(training === undefined
      ? { training: 'bundle-without-histograms' as const }
      : training.byWeekday && windows.lastDay === undefined && { training: 'no-whole-day' as const }),
  }
  return { ...report, features, notCompared }
}

function tasksOf(projection: HoursProjection, model: string | null, names: readonly string[]): readonly Task[] {
  const { slots } = projection.hours
  const score = slots.get(slotOfScore(model))
  const features = names.flatMap((feature): Task[] => {
    const slot = slots.get(slotOfFeature(feature))
    return slot === undefined ? [] : [{ feature, slot, texts: projection.textsOf(feature) }]
  })
  return score === undefined ? features : [{ feature: null, slot: score, texts: undefined }, ...features]
}

interface Windows {
  /** The 24 hours before the end, and before each day before that. */
  readonly days: readonly (readonly number[])[]
  /** How many of the weeks before have all of the same hours. */
  readonly weeks: number
  readonly lastDay: { readonly hours: readonly number[]; readonly weekday: number } | undefined
}

function windowsOf(hours: HourlyCounts, first: number, end: number): Windows {
  // The first hour may have been under way.
  const reach = Math.floor((end - first - 1) / dayHours)
  const held = Math.max(1, Math.min(reach, usualDays + 7, keptHours / dayHours))
  const days = Array.from({ length: held }, (_, day) => hoursBetween(end - (day + 1) * dayHours, end - day * dayHours))
  const dayEnd = Math.floor(end / dayHours) * dayHours
  const dayStart = dayEnd - dayHours
  const lastDay =
    first < dayStart && hours.hours.some((hour) => hour >= dayStart && hour < dayEnd)
      ? { hours: hoursBetween(dayStart, dayEnd), weekday: weekdayOf(dayStart * hourMs) }
      : undefined
  return { days, weeks: Math.min(mostWeeks, Math.floor((held - 1) / 7)), lastDay }
}

function hoursBetween(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function sumOf(hours: HourlyCounts, some: readonly number[], wanted: ReadonlySet<number>): WindowCounts {
  const counts = new WindowCounts()
  for (const hour of some) counts.add(hours, hour, (slot) => wanted.has(slot))
  return counts
}

function compareTask(
  { feature, slot, texts }: Task,
  days: readonly WindowCounts[],
  { weeks, lastDay: day }: Windows,
  lastDay: WindowCounts | undefined,
  training: TrainingReference | undefined,
  options: DriftOptions,
): readonly FeatureDrift[] {
  const byDay = days.map((each) => each.of(slot))
  const own = usualOfPast(byDay, weeks, texts)
  const compare = (
    against: Against,
    reference: Sample | undefined,
    current: Sample | undefined,
    usual: Usual | undefined,
  ) => {
    const compared = reference && current && compareSamples(reference, current, texts, usual, options)
    return compared === undefined ? [] : [{ feature, against, ...compared }]
  }
  const past = addSamples(Array.from({ length: weeks }, (_, week) => byDay[7 * (week + 1)]))
  const weekday = training?.byWeekday ? day?.weekday : undefined
  const learned = feature === null ? training?.score(weekday) : training?.feature(feature, texts, weekday)
  const today = training?.byWeekday ? lastDay?.of(slot) : byDay[0]
  const recent = texts === undefined || today === undefined ? today : withoutUnknown(today)
  const learnedUsual = training && larger(own, training.usual(feature))
  return [...compare('past', past, byDay[0], own), ...compare('training', learned, recent, learnedUsual)]
}

/** What share of rows would have to be in another group (total variation). */
function movedShare(compared: Compared): number {
  const [p, q] = [sharesOf(compared.reference), sharesOf(compared.current)]
  return p.reduce((sum, share, i) => sum + Math.abs(share - q[i]) / 2, 0)
}

/** As training rows have it, which do not tell a text that is not listed from a missing one. */
function withoutUnknown(sample: Sample): Sample {
  const counts = sample.counts.slice()
  counts[missingBin] += counts[unknownBin]
  counts[unknownBin] = 0
  return { ...sample, counts }
}

/** Undefined where one of them has no rows. */
function compareSamples(
  reference: Sample,
  current: Sample,
  texts: readonly string[] | undefined,
  usual: Usual | undefined,
  { threshold, leastShift, z }: DriftOptions,
): Omit<FeatureDrift, 'feature' | 'against'> | undefined {
  if (reference.rows === 0 || current.rows === 0) return undefined
  const groups = groupsOf(reference, current, texts)
  const compared = comparedOf(groups)
  const { spread, shift: usualShift } = usual ?? ofRows
  const figures = divergence(compared, spread, z95)
  const { psi } = divergence(compared, spread, z)
  const shift = texts === undefined ? shiftOf(reference.counts, current.counts) : null
  const hasMoved = shift === null || shift >= Math.max(leastShift, 2 * usualShift)
  const missing = { from: missingShare(reference), to: missingShare(current) }
  const goneMissing = missing.to - missing.from > leastMissing
  const unknownShare = (sample: Sample) => sample.counts[unknownBin] / sample.rows
  return {
    ...figures,
    shift,
    isDrift:
      usual !== undefined &&
      psi.value - psi.noise >= threshold &&
      psi.lower > 0 &&
      movedShare(compared) >= leastMoved &&
      (hasMoved || goneMissing),
    usual: usual ?? null,
    rows: { reference: reference.rows, current: current.rows },
    mean: texts === undefined ? { from: meanOf(reference), to: meanOf(current) } : { from: null, to: null },
    missing,
    unknown: texts === undefined ? null : { from: unknownShare(reference), to: unknownShare(current) },
    groups,
  }
}
