/** Called once with the JSON that is answered with 200, or with what keeps a request from it. */
export type Settle = (error: unknown, json: string) => void

/**
 * Answers a request that is known by its body alone, whichever way it came in. What it throws refuses the request as what
 * it settles with does.
 *
 * @param body is lent until it returns.
 * @param arrivedMs of `performance.now()`.
 */
export type PlainHandler = (body: Buffer, arrivedMs: number, settle: Settle) => void

/** As a `PlainHandler`, of a body that another thread has read (`ReaderElsewhere`); false where it has to be read again. */
export type ReadingHandler = (reading: Uint8Array, arrivedMs: number, settle: Settle) => boolean
