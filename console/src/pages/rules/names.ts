import { ask, client } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'

export type Name = paths['/v1/policy/names']['get']['responses']['200']['content']['application/json']['names'][number]

/** Everything that a condition may speak of. */
export function useNames() {
  return useQuery('policy names', (signal) => ask(client.GET('/v1/policy/names', { signal })))
}

/** What a name is of, and between what its values are. */
export function describeName({ type, from, range }: Name): string {
  const span = range === undefined ? '' : `, ${range.least} to ${range.most ?? 'any'}`
  return `${type}${span} · ${from}`
}
