import { ask, client, type Schemas } from '../api/client.ts'
import { detector, type Transaction } from '../api/detector.ts'
import { useQuery } from '../api/query.ts'

export type KnownKey = Schemas['KnownKey']

const most = 100

/** Several panels of a page ask for the same at once: they share one answer. */
const underWay = new Map<string, Promise<KnownKey>>()

function load(key: string, token: string): Promise<KnownKey> {
  const name = `${key} ${token}`
  const begun = underWay.get(name)
  if (begun !== undefined) return begun
  const params = { path: { key, token }, query: { limit: most } }
  const answer = ask(client.GET('/v1/keys/{key}/{token}', { params })).finally(() => underWay.delete(name))
  underWay.set(name, answer)
  return answer
}

/** What is known of one value of a key, the history that was brought in included. The log's own value is asked for. */
export function useKnownKey(key: string | undefined, token: string | undefined) {
  const name = key === undefined || token === undefined ? undefined : `known ${key} ${token}`
  return useQuery(name, () => load(key ?? '', token ?? ''))
}

/** The keys that a transaction has a value of, the detector's first one first. */
export function keysOf(transaction: Transaction): readonly { readonly key: string; readonly token: string }[] {
  return Object.entries(detector.value?.keys ?? {}).flatMap(([key, field]) => {
    const value = transaction[field]
    return value === null || value === undefined ? [] : [{ key, token: String(value) }]
  })
}
