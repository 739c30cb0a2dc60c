import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import { LineSplitter } from '../core/line-splitter.ts'
import type { Logger } from '../core/logger.ts'
import type { Decisions } from '../deciding/decisions.ts'
import { decideMessages, type TakeMessages } from './decide-messages.ts'
import { isPassing, type Message, type Outcome } from './message.ts'
import { presentOutcome } from './present-outcome.ts'
import { type Lane, runLane } from './run-lane.ts'
import type { StreamFigures } from './stream-figures.ts'

interface LinesOptions {
  readonly decisions: Decisions
  readonly figures: StreamFigures
  readonly logger: Logger
  readonly input: Readable
  readonly output: Writable
  readonly nowMs: () => number
  readonly signal: AbortSignal
}

interface Line extends Message {
  /** Its place among all, from 0. */
  readonly index: number
}

const longestLineBytes = 2 ** 20
const retryEveryMs = 100

/** Decides lines until they end, or the signal is given: a line of output for each line, in their order. */
export async function runLines(options: LinesOptions): Promise<void> {
  const { figures, input, output, signal } = options
  const batches = batchesOf(input, signal)
  const lane: Lane<Line> = {
    async take() {
      const { value, done } = await batches.next()
      return done ? undefined : value
    },
    async write(outcomes: readonly Outcome<Line>[]) {
      const text = outcomes.map((outcome) => `${presentOutcome(outcome, { index: outcome.message.index })}\n`).join('')
      await writeWhole(output, text)
      figures.count('-', outcomes)
    },
  }
  // Nobody would hear of what is decided from there on.
  await runLane(lane, patiently(options), (error) => void input.destroy(error instanceof Error ? error : undefined))
}

function writeWhole(output: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => {
      if (error == null) resolve()
      else reject(unreadOutput(error))
    })
  })
}

function unreadOutput(cause: NodeJS.ErrnoException): Error {
  if (cause.code !== 'EPIPE') return cause
  return new FraudError('FILE_UNWRITABLE', "Standard output can't be written: nobody reads it any more", { cause })
}

const tooLong = new FraudError('BODY_TOO_LARGE', `The line is over ${longestLineBytes} bytes`)

/** The lines of a chunk at a time. */
async function* batchesOf(input: Readable, signal: AbortSignal): AsyncGenerator<readonly Line[]> {
  const splitter = new LineSplitter(longestLineBytes)
  const stop = () => void input.destroy()
  signal.addEventListener('abort', stop)
  let index = 0
  const lineOf = (line: Buffer | undefined): Line =>
    line === undefined ? { value: null, unheld: tooLong, index: index++ } : { value: line, index: index++ }
  try {
    for await (const chunk of input) {
      const lines = [...splitter.take(chunk)].map(lineOf)
      if (lines.length > 0) yield lines
    }
    const last = [...splitter.finish()].map(lineOf)
    if (last.length > 0) yield last
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Lines can't be read again, so they are held until the service is well. */
function patiently({ decisions, figures, logger, nowMs, signal }: LinesOptions): TakeMessages {
  const decide = decideMessages(decisions, 'line', nowMs)
  return async (messages) => {
    for (;;) {
      try {
        const outcomes = await decide(messages)
        figures.waitsFor = undefined
        return outcomes
      } catch (error) {
        if (!isPassing(error) || signal.aborted) throw error
        const reason = String(error)
        if (figures.waitsFor === undefined && decisions.isReady) logger.warn({ reason }, 'the stream waits')
        figures.waitsFor = reason
        await sleep(retryEveryMs)
      }
    }
  }
}
