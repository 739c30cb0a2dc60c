import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import type { Detector } from '../detector/detector.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { DetectorInForce } from './detector-in-force.ts'

const variable = 'SHRIKE_CARD_KEY'

/** Whether hashes take the place of card numbers. */
export function hashesCards({ transaction }: Detector): boolean {
  return (transaction.hashCardNumber ?? []).length > 0
}

/** @throws FraudError OPTION_INVALID where a detector wants hashes and there is no key for them. */
export function requireCardKey({ detector }: Pick<DetectorInForce, 'detector'>, check: string | undefined): void {
  const { hashCardNumber = [] } = detector.transaction
  if (check !== undefined || hashCardNumber.length === 0) return
  throw new FraudError(
    'OPTION_INVALID',
    `The detector requires hashes instead of card numbers (${hashCardNumber.join(', ')}): set ${variable} to their key`,
  )
}

/**
 * Every card would look new under another key.
 *
 * @throws FraudError HISTORIES_LOST where the log's newest hashes were made under another key.
 */
export function refuseCardKey(
  { detector }: Pick<DetectorInForce, 'detector'>,
  check: string | undefined,
  reading: LogReading,
): void {
  if (!hashesCards(detector)) return
  const checks = reading.definitionSequences().map((sequence) => reading.definition(sequence).cardKeyCheck)
  const before = checks.findLast((each) => each !== undefined)
  if (before === undefined || before === check) return
  const { count } = reading.transactionsIn(reading.prunedThrough(), reading.lastSequence())
  if (count === 0) return
  throw new FraudError(
    'HISTORIES_LOST',
    `${variable} is a different key than the one that hashed the card numbers in the log: every card of its ` +
      `${count.toLocaleString('en')} transactions would look new. Set ${variable} to that key, or continue without the past: ` +
      option('acceptLostHistories'),
  )
}
