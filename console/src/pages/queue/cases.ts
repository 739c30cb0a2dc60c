import { client, type Schemas } from '../../api/client.ts'

export type CaseView = Schemas['Case']
export type CaseDetail = Schemas['CaseDetail']
export type Verdict = 'fraud' | 'legitimate' | 'unsure'

/** Codes that are offered; any other may be typed. */
export const usualCodes = [
  'stolen-card',
  'card-not-present',
  'account-takeover',
  'counterfeit',
  'friendly-fraud',
  'merchant-fraud',
  'customer-confirmed',
  'travel',
]

/** What a case is about: its first key with the value. */
export function titleOf({ keys, id }: Pick<CaseView, 'keys' | 'id'>): string {
  const [first] = keys
  return first === undefined ? id : `${first.key} ${first.value}`
}

export const caseCalls = {
  list: (query: Readonly<Record<string, string | number>>, signal?: AbortSignal) =>
    client.GET('/v1/cases', { params: { query }, ...(signal !== undefined && { signal }) }),
  detail: (id: string, signal: AbortSignal) => client.GET('/v1/cases/{id}', { params: { path: { id } }, signal }),
  claimNext: () => client.POST('/v1/cases/next/claim', { body: {} }),
  claim: (id: string) => client.POST('/v1/cases/{id}/claim', { params: { path: { id } }, body: {} }),
  release: (id: string) => client.POST('/v1/cases/{id}/release', { params: { path: { id } }, body: {} }),
}
