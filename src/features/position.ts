import { distanceKm } from '../core/great-circle.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { History } from './history.ts'
import type { Scope } from './scope.ts'

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
