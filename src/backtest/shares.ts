import { wilsonInterval } from '../core/wilson-interval.ts'
import { type Tally, without } from './tally.ts'

/**
 * What a share rests on: labels of all, or the control group where some that it may let pass have none; where others have
 * none, there are only bounds.
 */
type Basis = 'labels' | 'control-group' | 'bounds' | 'nothing'

/** A share with its 95 % interval; without a value where only bounds are known. */
export interface Share {
  readonly value: number | null
  readonly lower: number
  readonly upper: number
  readonly basis: Basis
}

const nothing: Share = { value: null, lower: 0, upper: 1, basis: 'nothing' }

/**
 * The share of frauds among mature transactions of a set. Of those without a label all or none may be frauds. Where the
 * control group lets some pass at random, those stand for the ones that were held back, each weighed by how probable it was
 * to pass (Hajek's ratio of Horvitz-Thompson sums). Its interval is Wilson's for the effective number of those that
 * passed (Kish), put together with that of the others by recovered variances (Zou and Donner, Statistics in Medicine
 * 27, 2008), which takes the set for a sample, and so is wide enough for the set itself.
 */
export function fraudShare(tally: Tally): Share {
  const { fraud, legitimate, unknown, drawnFraud, drawnLegitimate, drawnUnknown } = tally
  const all = fraud + legitimate + unknown
  if (all === 0) return nothing
  if (unknown === 0) return { value: fraud / all, ...wilsonInterval(fraud, all), basis: 'labels' }
  const drawn = drawnFraud + drawnLegitimate + drawnUnknown
  if (drawnUnknown === 0 || tally.passed === 0) {
    const { lower } = wilsonInterval(fraud, all)
    return { value: null, lower, upper: wilsonInterval(fraud + unknown, all).upper, basis: 'bounds' }
  }
  const estimate = tally.fraudWeights / tally.weights
  const effective = (tally.weights * tally.weights) / tally.squaredWeights
  const ofDrawn = wilsonInterval(estimate * effective, effective)
  const [others, frauds, open] = [all - drawn, fraud - drawnFraud, unknown - drawnUnknown]
  const weight = drawn / all
  const side = (hits: number, end: 'lower' | 'upper') => {
    const rest = others === 0 ? 0 : hits / others
    const restEnd = others === 0 ? 0 : wilsonInterval(hits, others)[end]
    const spread = Math.hypot(weight * (estimate - ofDrawn[end]), (1 - weight) * (rest - restEnd))
    const centre = weight * estimate + (1 - weight) * rest
    return end === 'lower' ? Math.max(0, centre - spread) : Math.min(1, centre + spread)
  }
  const ends = { lower: side(frauds, 'lower'), upper: side(frauds + open, 'upper') }
  const value = weight * estimate + (others === 0 ? 0 : frauds / all)
  return open === 0 ? { value, ...ends, basis: 'control-group' } : { value: null, ...ends, basis: 'bounds' }
}

/** The share of all frauds that a part of the transactions has. */
export function caughtShare(part: Tally, all: Tally): Share {
  if (all.unknown === 0) {
    if (all.fraud === 0) return nothing
    return { value: part.fraud / all.fraud, ...wilsonInterval(part.fraud, all.fraud), basis: 'labels' }
  }
  const [inside, outside] = [fraudsIn(part), fraudsIn(without(all, part))]
  const share = (caught: number, missed: number) => (caught + missed === 0 ? undefined : caught / (caught + missed))
  const isEstimated = inside.value !== null && outside.value !== null
  return {
    value: isEstimated ? (share(inside.value, outside.value) ?? null) : null,
    lower: share(inside.lower, outside.upper) ?? 0,
    upper: share(inside.upper, outside.lower) ?? 1,
    basis: isEstimated ? 'control-group' : 'bounds',
  }
}

function fraudsIn(tally: Tally): { readonly value: number | null; readonly lower: number; readonly upper: number } {
  const mature = tally.fraud + tally.legitimate + tally.unknown
  if (mature === 0) return { value: 0, lower: 0, upper: 0 }
  const { value, lower, upper } = fraudShare(tally)
  return { value: value === null ? null : value * mature, lower: lower * mature, upper: upper * mature }
}
