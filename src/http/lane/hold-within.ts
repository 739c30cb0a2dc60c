import { smallBytes } from '../body.ts'
import type { HeldBytes } from '../held-bytes.ts'
import type { LaneService } from './lane.ts'

/** Has lanes hold no more than all that is held has room for. */
export function holdWithin(held: HeldBytes): Pick<LaneService, 'mayHold' | 'letGo'> {
  return {
    mayHold: (socket, bytes) => bytes <= smallBytes || held.mayTake(bytes, { socket }),
    letGo(socket, bytes) {
      if (bytes > smallBytes) held.give(bytes, { socket })
    },
  }
}
