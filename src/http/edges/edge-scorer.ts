import { inSlices } from '../../core/time-slices.ts'
import { createSharedScorer } from '../../scoring/shared-scorer.ts'
import type { Channel } from './channel.ts'
import type { EdgeNotice, ModelOrder } from './edge-messages.ts'
import { readAsk, scoreLength, writeScore } from './score-bytes.ts'

interface Loaded {
  readonly version: number
  readonly score: (row: Float64Array) => number
  readonly row: Float64Array
  readonly rowBytes: Uint8Array
}

/** Scores rows for the thread that decides, by the model that it was ordered to score by last. */
export class EdgeScorer {
  readonly #channel: Pick<Channel, 'send'>
  readonly #say: (notice: EdgeNotice) => void
  #ordered = 0
  #loaded: Loaded | undefined

  constructor(channel: Pick<Channel, 'send'>, say: (notice: EdgeNotice) => void) {
    this.#channel = channel
    this.#say = say
  }

  /** Lets go of the model before, and tells when it is ready for this one. */
  async load({ version, model }: ModelOrder): Promise<void> {
    this.#ordered = version
    this.#loaded = undefined
    if (model === undefined) return
    try {
      const score = await inSlices(createSharedScorer(model))
      if (this.#ordered !== version) return
      const row = new Float64Array(model.features.length)
      this.#loaded = { version, score, row, rowBytes: new Uint8Array(row.buffer) }
      this.#say({ scoresBy: version })
    } catch (error) {
      if (this.#ordered === version) this.#say({ cannotScore: error instanceof Error ? error.message : String(error) })
    }
  }

  readonly take = (message: Buffer): void => {
    const { version, number, inputs } = readAsk(message)
    const score = this.#score(version, inputs)
    this.#channel.send(scoreLength, (bytes, at) => writeScore(bytes, at, number, score))
  }

  #score(version: number, inputs: Buffer): number {
    if (this.#loaded?.version !== version) return Number.NaN
    const { score, row, rowBytes } = this.#loaded
    rowBytes.set(inputs)
    try {
      return score(row)
    } catch {
      // Who asked meets the same, and has words for it.
      return Number.NaN
    }
  }
}
