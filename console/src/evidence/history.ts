import { ask, client, type Schemas } from '../api/client.ts'
import { useQuery } from '../api/query.ts'

export type Decision = Schemas['DecisionPage']['decisions'][number]

const most = 200

/** The newest decisions about one value of a key. */
export function useKeyHistory(key: string | undefined, value: string | undefined) {
  const name = key === undefined || value === undefined ? undefined : `history ${key} ${value}`
  return useQuery(name, (signal) =>
    // The key is one that the detector names; the document lists those of the detector that it was made of.
    ask(client.POST('/v1/search', { body: { key: key as 'card', value: value ?? '', limit: most }, signal })),
  )
}
