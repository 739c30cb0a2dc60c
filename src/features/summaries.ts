import type { History } from './history.ts'

// Without values the sum is 0 and everything else is unknown.

export function sum(history: History, window: number, field: number, unit: number): number {
  return history.sum(window, field) / unit
}

export function mean(history: History, window: number, field: number, unit: number): number {
  const known = history.known(window, field)
  // In this order: the sum of minor units is exact, so only the two divisions round.
  return known === 0 ? Number.NaN : history.sum(window, field) / known / unit
}

export function min(history: History, window: number, field: number, unit: number): number {
  let least = Number.NaN
  for (const value of history.values(window, field)) if (!(value >= least)) least = value
  return least / unit
}

export function max(history: History, window: number, field: number, unit: number): number {
  let most = Number.NaN
  for (const value of history.values(window, field)) if (!(value <= most)) most = value
  return most / unit
}

/** The standard deviation of the population: divided by the number of values. */
export function standardDeviation(history: History, window: number, field: number, unit: number): number {
  const values = history.values(window, field)
  const { length } = values
  if (length === 0) return Number.NaN
  let total = 0
  for (const value of values) total += value
  const centre = total / length
  let squares = 0
  for (const value of values) squares += (value - centre) ** 2
  return Math.sqrt(squares / length) / unit
}

/** The mean of the middle two of an even number. */
export function median(history: History, window: number, field: number, unit: number): number {
  const values = history.values(window, field).sort()
  const middle = values.length >> 1
  if (values.length === 0) return Number.NaN
  return (values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2) / unit
}
