import { FraudError } from '../core/errors.ts'

/** One of a few words that a parameter may be. @throws FraudError INPUT_INVALID */
export function readChoice<Word extends string>(
  field: string,
  given: unknown,
  words: readonly Word[],
): Word | undefined {
  if (given === undefined) return undefined
  const word = words.find((each) => each === given)
  if (word !== undefined) return word
  const errors = [{ field, reason: `is one of ${words.join(', ')}` }]
  throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
}

/** A text that a parameter may have. @throws FraudError INPUT_INVALID where it is there several times */
export function readText(field: string, given: unknown): string | undefined {
  if (given === undefined || typeof given === 'string') return given
  const errors = [{ field, reason: 'is there several times' }]
  throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
}
