import type { Transaction } from '../core/transaction.ts'
import type { History } from './history.ts'
import type { Scope } from './scope.ts'

const earthRadiusKm = 6371.0088
const nowhere = { km: Number.NaN, seconds: Number.NaN }

interface Step {
  readonly km: number
  readonly seconds: number
}

/** How far and how long ago the key's last known place was. */
export function stepFromLast(scope: Scope, history: number, window: number): (now: Transaction, past: History) => Step {
  const kept = scope.keepPosition(history)
  const own = scope.position()
  return (transaction, past) => {
    const last = past.previous(window, kept.latitude)
    if (last < 0) return nowhere
    const km = distanceKm(
      past.valueOf(last, kept.latitude),
      past.valueOf(last, kept.longitude),
      own.latitude(transaction),
      own.longitude(transaction),
    )
    return { km, seconds: (transaction.timestampMs - past.timeOf(last)) / 1000 }
  }
}

/** The great-circle distance of two places in degrees, by the haversine formula on a sphere of the earth's mean radius. */
export function distanceKm(latitude: number, longitude: number, toLatitude: number, toLongitude: number): number {
  const radians = Math.PI / 180
  const north = Math.sin(((toLatitude - latitude) * radians) / 2)
  const east = Math.sin(((toLongitude - longitude) * radians) / 2)
  const chord = north * north + Math.cos(latitude * radians) * Math.cos(toLatitude * radians) * east * east
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)))
}
