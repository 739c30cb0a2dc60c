import { hashText } from '../core/hash-text.ts'
import type { Place } from './ordered-log.ts'

/** What changes what is in force: definitions and policies. One partition, which everybody reads. */
export const controlPlace: Place = { lane: 'control', partition: 0 }
/** The files of bundles, in pieces. One partition, which is read from where a bundle begins. */
export const bundlePlace: Place = { lane: 'bundles', partition: 0 }
export const homeLane = 'home'

/** The lane of the observations by a key. */
export function keyLane(by: string): string {
  return `key-${by}`
}

/** Where the entries of an id, or of a key's value, have their order. */
export function placeOf(lane: string, value: string, partitions: number): Place {
  return { lane, partition: hashText(value) % partitions }
}
