import { FraudError } from '../core/errors.ts'
import { type NewChange, recordable } from '../deciding/append-change.ts'
import { encodeEntry } from './entries.ts'
import type { FrontOptions } from './front.ts'
import { controlPlace } from './lanes.ts'
import { changeEntry, type PolicyLane } from './policy-lane.ts'

export interface ChangesOptions extends Pick<FrontOptions, 'log' | 'address' | 'wait' | 'retryMs' | 'giveUpMs'> {
  readonly lane: PolicyLane
}

/** How often somebody else may be first before a change is given up. */
const mostTries = 20

/** Puts changes of the policy into the control lane, each right behind what it was made of. */
export class Changes {
  readonly #options: ChangesOptions
  #proposals = 0

  constructor(options: ChangesOptions) {
    this.#options = options
  }

  /**
   * Resolves with the position of a change once it is durable and in force here.
   *
   * @param make the change of what is in force at that moment; asked again where another one came first.
   * @throws FraudError whatever `make` throws; POLICY_CHANGED; LOG_UNAVAILABLE where it is not known what became of it.
   */
  async make(make: () => NewChange): Promise<number> {
    for (let tries = 0; tries < mostTries; tries++) {
      const position = await this.#propose(recordable(make()))
      if (position !== undefined) return position
    }
    throw new FraudError('POLICY_CHANGED', 'Others change the policy all the time: nothing of this change counts')
  }

  /** Appends until it is heard of: a copy behind the first does not count. */
  async #propose(record: NewChange): Promise<number | undefined> {
    const { log, address, lane, wait, retryMs, giveUpMs } = this.#options
    const proposal = `${address} ${++this.#proposals}`
    const bytes = encodeEntry(changeEntry({ proposal, after: lane.head, record }))
    const heard = new AbortController()
    let position: number | undefined
    const stopListening = lane.listen(proposal, (at) => {
      // A copy behind the first says nothing.
      if (!heard.signal.aborted) position = at
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
    if (heard.signal.aborted) return position
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
