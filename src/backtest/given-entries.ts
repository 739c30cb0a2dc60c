import { FraudError } from '../core/errors.ts'
import { ConcealedValues } from '../deciding/concealed-values.ts'
import type { EntryDefinition } from '../decisioning/list-definition.ts'
import { ReceivedTransactionReader } from '../detector/received-transaction.ts'
import type { PersonalValues } from '../log/personal-values.ts'
import { fileReading } from '../training/read-input.ts'
import type { Wanted } from './wanted.ts'

interface GivenEntries {
  /** As transactions have them: tokens of persons, hashes of card numbers. */
  readonly entries: readonly EntryDefinition[]
  /** Persons of whom no transaction ever came. */
  readonly strangers: number
}

/**
 * Puts what transactions have in the place of values as people write them.
 *
 * @param of the name of a key or a field.
 * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED for a value that no transaction could have.
 */
export function concealEntries(
  given: readonly EntryDefinition[],
  of: string,
  { detector, features, names }: Pick<Wanted, 'detector' | 'features' | 'names'>,
  persons: PersonalValues,
): GivenEntries {
  const type = names.names.get(of)?.type
  if (type !== 'string' && type !== 'token') return { entries: given, strangers: 0 }
  const { hashCardNumber = withoutKey } = fileReading(of, {})
  const reader = new ReceivedTransactionReader(
    detector,
    features.layout,
    { hashCardNumber, token: (_, value) => value },
    () => 0,
  )
  const concealed = new ConcealedValues(reader, detector, persons, [])
  const entries = given.flatMap(({ value, ...entry }) => {
    const kept = concealed.conceal(of, value, 'remove')
    return kept === undefined ? [] : [{ ...entry, value: kept }]
  })
  return { entries, strangers: given.length - entries.length }
}

function withoutKey(): never {
  throw new FraudError(
    'OPTION_INVALID',
    'The list has card numbers, of which the log has only hashes: set SHRIKE_CARD_KEY to their key',
  )
}
