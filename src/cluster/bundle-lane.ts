import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import { z } from '../core/zod.ts'
import { decodeEntry, encodeEntry } from './entries.ts'
import { bundlePlace } from './lanes.ts'
import { type OrderedLog, placeName } from './ordered-log.ts'

export const bundlePlaceSchema = z.object({
  /** Of the whole file, in hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(1),
  /** The position behind which its pieces are. */
  after: z.int().min(-1),
})
/** Where in the lane a bundle's file is, and what it has to be. */
export type BundlePlace = Readonly<z.infer<typeof bundlePlaceSchema>>

export interface BundleLaneOptions {
  readonly log: OrderedLog
  /** Whether the lane was made: clusters of older versions have none. */
  readonly hasLane: () => Promise<boolean>
  /** Resolves after so long, or once aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

/** A broker takes a megabyte by default. */
const pieceBytes = 500_000
const mostTries = 5
const retryMs = 500

/** Files of bundles, in pieces that everybody can put together. Several may put the same one there at once. */
export class BundleLane {
  readonly #options: BundleLaneOptions
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: BundleLaneOptions) {
    this.#options = options
  }

  /** Resolves once a file is durable; of one that failed, what is there is passed over. @throws FraudError LOG_UNAVAILABLE, CLUSTER_UNSUPPORTED */
  put(id: string, file: Uint8Array): Promise<BundlePlace> {
    // One file after the other, since pieces of two at once would go in one request, which may be too large.
    const done = this.#turn.then(() => this.#put(id, file))
    this.#turn = done.catch(() => {})
    return done
  }

  async #put(id: string, file: Uint8Array): Promise<BundlePlace> {
    const { log, hasLane } = this.#options
    if (!(await hasLane())) {
      throw new FraudError(
        'CLUSTER_UNSUPPORTED',
        'This cluster was made without a lane of bundles: run shrike cluster init again, which adds it',
      )
    }
    const after = await log.end(bundlePlace)
    const sha256 = await hashOf(file)
    for (let offset = 0; offset < file.length; offset += pieceBytes) {
      const piece = file.subarray(offset, offset + pieceBytes)
      await this.#append(encodeEntry({ kind: 'bundle', id, sha256, offset, piece }))
    }
    return { sha256, bytes: file.length, after }
  }

  /** Each piece is there before the next one is sent; one that is there twice is passed over. */
  async #append(bytes: Uint8Array): Promise<void> {
    const { log } = this.#options
    for (let tries = 1; ; tries++) {
      try {
        await log.append([{ ...bundlePlace, bytes }])
        return
      } catch (error) {
        if (tries === mostTries) throw error
        await this.#pause()
      }
    }
  }

  /** A file that was put there. @throws FraudError LOG_INVALID where the lane does not have all of it */
  async get(id: string, place: BundlePlace): Promise<Uint8Array> {
    // Where the lane ends may have been known from a moment before it was put there.
    for (let tries = 1; tries <= 2; tries++) {
      const file = await this.#get(id, place)
      if (file !== undefined) return file
      await this.#pause()
    }
    const cure = 'copy its file from the folder of models of a replica that has loaded it'
    throw new FraudError('LOG_INVALID', `The lane of bundles does not have ${id} as it was added: ${cure}`)
  }

  async #get(id: string, { sha256, bytes, after }: BundlePlace): Promise<Uint8Array | undefined> {
    const { log } = this.#options
    const file = Buffer.alloc(bytes)
    const end = await log.end(bundlePlace)
    const stop = new AbortController()
    let length = 0
    const take = (_: unknown, position: number, entryBytes: Uint8Array) => {
      if (stop.signal.aborted) return
      const entry = decodeEntry(entryBytes, `${placeName(bundlePlace)} ${position}`)
      const isNext = entry.kind === 'bundle' && entry.id === id && entry.sha256 === sha256 && entry.offset === length
      if (isNext && length + entry.piece.length <= bytes) {
        file.set(entry.piece, length)
        length += entry.piece.length
      }
      if (length === bytes || position >= end) stop.abort()
    }
    if (end > after) await log.read([{ ...bundlePlace, after }], take, stop.signal)
    return length === bytes && (await hashOf(file)) === sha256 ? file : undefined
  }

  #pause(): Promise<void> {
    return this.#options.wait(retryMs, new AbortController().signal)
  }
}

/** Of a file, between whose pieces others get their turn. */
export async function hashOf(file: Uint8Array): Promise<string> {
  const hash = createHash('sha256')
  for (let offset = 0; offset < file.length; offset += pieceBytes) {
    hash.update(file.subarray(offset, offset + pieceBytes))
    await nextTurn()
  }
  return hash.digest('hex')
}
