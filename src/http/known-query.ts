import { closestName } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import type { Check } from './check.ts'
import type { Guarded } from './route.ts'

/** A parameter that a route does not know is refused: ignored, a misspelt one would answer another question. */
export function refuseUnknownQuery(known: Guarded['query'] = []): Check | undefined {
  if (typeof known === 'string') return undefined
  return ({ url, query }) => {
    if (!url.includes('?') || typeof query !== 'object' || query === null) return undefined
    const errors = Object.keys(query)
      .filter((name) => !known.includes(name))
      .map((field) => ({ field, reason: whyUnknown(field, known) }))
    if (errors.length === 0) return undefined
    return new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
  }
}

/** Why a parameter or a filter is refused whose name is not a known one. */
export function whyUnknown(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'is unknown: this route has no parameters'
  const meant = closestName(name, known)
  return meant === undefined ? `is not one of ${known.join(', ')}` : `did you mean ${meant}?`
}
