import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import { readJson } from '../core/json-text.ts'
import { isRecord } from '../core/json-value.ts'
import type { Logger } from '../core/logger.ts'
import { decideMany } from '../deciding/decide-many.ts'
import type { Decisions } from '../deciding/decisions.ts'
import { idThatIsTold } from '../deciding/labels.ts'
import { refuseRepeatedInLabel } from '../deciding/refuse-repeated.ts'
import { type Message, type Outcome, refusalOf } from './message.ts'

/** Names that a message may have at least. */
const leastNames = 1000
const retryEveryMs = 500
const nothing = Buffer.alloc(0)
const turns = { isOver: () => false, next: nextTurn }

/** What makes outcomes of messages, in their order. Throws what is none of a message's fault; then all may come again. */
export type TakeMessages = <Came extends Message>(messages: readonly Came[]) => Promise<readonly Outcome<Came>[]>

/** Transactions -> decisions, durable. */
export function decideMessages(decisions: Decisions, what: 'message' | 'line', nowMs: () => number): TakeMessages {
  return async <Came extends Message>(messages: readonly Came[]) => {
    const mostNames = Math.max(leastNames, 2 * decisions.inForce.features.names.length)
    const read = ({ value, unheld }: Came) => {
      if (unheld !== undefined) throw unheld
      return readJson(bytesOf(value), what, mostNames)
    }
    const outcomes: Outcome<Came>[] = []
    for await (const group of decideMany(decisions, messages, { read, turns, nowMs })) {
      for (const given of group) {
        const message = messages[outcomes.length]
        outcomes.push(
          'error' in given
            ? { message, refusal: refusalOf(given.error), id: given.id }
            : { message, decision: given, id: given.transactionId },
        )
      }
    }
    return outcomes
  }
}

/** Labels -> known, durable. One that comes again changes nothing. Where too many wait for their transactions, so do these. */
export function labelMessages(decisions: Decisions, by: string, logger: Logger, signal: AbortSignal): TakeMessages {
  let isTold = false
  const takeIn = async (label: unknown, saidAtMs: number | undefined): Promise<void> => {
    for (;;) {
      try {
        await decisions.labelOfFile(label, by, saidAtMs)
        isTold = false
        return
      } catch (error) {
        const isFull = error instanceof FraudError && error.code === 'PENDING_LABELS_FULL'
        if (!isFull || signal.aborted) throw error
        if (!isTold) logger.warn({}, 'labels wait: too many are here whose transactions have not come')
        isTold = true
        await sleep(retryEveryMs, undefined, { signal }).catch(() => {})
      }
    }
  }
  const labelOne = async <Came extends Message>(message: Came): Promise<Outcome<Came>> => {
    let id: string | undefined
    try {
      const item = readJson(bytesOf(message.value), 'message', leastNames)
      const isNamed = isRecord(item.value) && !item.repeated?.has('transactionId')
      id = isNamed ? idThatIsTold(item.value.transactionId).id : undefined
      refuseRepeatedInLabel(item)
      await takeIn(item.value, message.timestampMs)
      return { message, id }
    } catch (error) {
      return { message, refusal: refusalOf(error), id }
    }
  }
  return async <Came extends Message>(messages: readonly Came[]) => {
    const outcomes: Outcome<Came>[] = []
    const { labelsAtOnce } = decisions.decider
    for (let from = 0; from < messages.length; from += labelsAtOnce) {
      while (!decisions.decider.hasRoom()) await decisions.decider.room()
      const group = await Promise.allSettled(messages.slice(from, from + labelsAtOnce).map(labelOne))
      for (const settled of group) {
        if (settled.status === 'rejected') throw settled.reason
        outcomes.push(settled.value)
      }
    }
    return outcomes
  }
}

function bytesOf(value: Uint8Array | null): Buffer {
  return value === null ? nothing : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
