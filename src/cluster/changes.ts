import { FraudError } from '../core/errors.ts'
import { recordable } from '../deciding/append-change.ts'
import { type ChangeLane, changeEntry, type Proposed } from './change-lane.ts'
import { encodeEntry } from './entries.ts'
import type { FrontOptions } from './front.ts'
import { controlPlace } from './lanes.ts'

export interface ChangesOptions extends Pick<FrontOptions, 'log' | 'address' | 'wait' | 'retryMs' | 'giveUpMs'> {
  readonly lane: ChangeLane
}

/** How often somebody else may be first before a change is given up. */
const mostTries = 20

/** Where a change is in the lane, and what was in force right behind it. */
interface Made<Told> {
  readonly position: number
  readonly told: Told
}

/** Puts changes of what is in force into the control lane, each right behind what it was made of. */
export class Changes {
  readonly #options: ChangesOptions
  #proposals = 0

  constructor(options: ChangesOptions) {
    this.#options = options
  }

  /**
   * Resolves once a change is durable and in force here.
   *
   * @param make the change of what is in force at that moment; asked again where another one came first.
   * @param tell says something of what is in force right behind it, before any other change counts.
   * @throws FraudError whatever `make` throws; POLICY_CHANGED; LOG_UNAVAILABLE where it is not known what became of it.
   */
  async make<Told>(make: () => Proposed, tell: () => Told): Promise<Made<Told>> {
    for (let tries = 0; tries < mostTries; tries++) {
      const { record, ...others } = make()
      const made = await this.#propose({ record: recordable(record), ...others }, tell)
      if (made !== undefined) return made
    }
    throw new FraudError('POLICY_CHANGED', 'Others change what is in force all the time: nothing of this change counts')
  }

  /** Appends until it is heard of: a copy behind the first does not count. */
  async #propose<Told>(proposed: Proposed, tell: () => Told): Promise<Made<Told> | undefined> {
    const { log, address, lane, wait, retryMs, giveUpMs } = this.#options
    // No other start of a replica has this address.
    const proposal = `${address} ${++this.#proposals}`
    const bytes = encodeEntry(changeEntry({ proposal, after: lane.head, ...proposed }))
    const heard = new AbortController()
    let made: Made<Told> | undefined
    const stopListening = lane.listen(proposal, (position) => {
      // A copy behind the first says nothing.
      if (!heard.signal.aborted && position !== undefined) made = { position, told: tell() }
      heard.abort()
    })
    try {
      for (let leftMs = giveUpMs; leftMs > 0 && !heard.signal.aborted; leftMs -= retryMs) {
        await log.append([{ ...controlPlace, bytes }]).catch(ignoreUnavailable)
        await wait(Math.min(leftMs, retryMs), heard.signal)
      }
    } finally {
      stopListening()
    }
    if (heard.signal.aborted) return made
    throw new FraudError(
      'LOG_UNAVAILABLE',
      'What became of the change is not known: look at what is in force before it is sent again',
    )
  }
}

/** It may be there nevertheless. */
function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof FraudError)) throw error
}
