import { useEffect, useState } from 'preact/hooks'
import { ask, client } from '../api/client.ts'
import { detector } from '../api/detector.ts'
import { useQuery } from '../api/query.ts'
import { mayDo } from '../api/who.ts'
import { pages } from '../pages/index.ts'
import { caseCalls, titleOf } from '../pages/queue/cases.ts'
import { addressOf, at } from './place.ts'

export interface Found {
  readonly name: string
  readonly kind: string
  readonly href: string
}

const most = 14
const mostOfKind = 6
const mostCases = 200
/** Shorter ones would be found in too many places. */
const leastLetters = 3
const pauseMs = 200

/** What a text names: pages, rules, lists and cases as it is typed, transactions and keys once it rests. */
export function useFound(text: string): { readonly found: readonly Found[]; readonly isSearching: boolean } {
  const wanted = text.trim().toLowerCase()
  const known = useKnownNames()
  const rested = useRested(text.trim())
  const isAsked = rested.length >= leastLetters && mayDo('analyst')
  const searched = useQuery(isAsked ? `find ${rested}` : undefined, (signal) => search(rested, signal))
  const named = [...pageNames, ...(wanted === '' ? [] : known)].filter(({ name }) =>
    name.toLowerCase().includes(wanted),
  )
  const ofKind = [...Map.groupBy(named, ({ kind }) => kind).values()].flatMap((some) =>
    wanted === '' ? some : some.slice(0, mostOfKind),
  )
  const all = [...ofKind, ...(rested === text.trim() ? (searched.data ?? []) : [])]
  return {
    found: [...new Map(all.map((each) => [each.href, each])).values()].slice(0, most),
    isSearching: wanted.length >= leastLetters && mayDo('analyst') && (rested !== text.trim() || searched.isLoading),
  }
}

const pageNames: readonly Found[] = pages
  .filter(({ menu }) => menu !== undefined)
  .map(({ title, path }) => ({ name: title, kind: 'page', href: addressOf(path) }))

function useKnownNames(): readonly Found[] {
  const rules = useQuery('rules', (signal) => ask(client.GET('/v1/rules', { signal })))
  const lists = useQuery('lists', (signal) => ask(client.GET('/v1/lists', { signal })))
  const cases = useQuery('cases to find', (signal) => ask(caseCalls.list({ limit: mostCases }, signal)))
  return [
    ...(rules.data?.rules ?? []).map(({ id }) => ({ name: id, kind: 'rule', href: at(['rules', id]) })),
    ...(lists.data?.lists ?? []).map(({ name }) => ({ name, kind: 'list', href: at(['lists', name]) })),
    ...(cases.data?.cases ?? []).map((one) => ({
      name: `${one.id} ${titleOf(one)}`,
      kind: 'case',
      href: at(['cases', one.id]),
    })),
  ]
}

/** A text once nothing was typed for a moment, so that not every letter is searched for. */
function useRested(text: string): string {
  const [rested, setRested] = useState(text)
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(text), pauseMs)
    return () => window.clearTimeout(timer)
  }, [text])
  return rested
}

/** By exact id or value: a transaction, a case that is closed, and what is known of it as a card, a customer and so on. */
async function search(text: string, signal: AbortSignal): Promise<readonly Found[]> {
  const found = await Promise.all([
    byId(text, signal),
    byCase(text, signal),
    ...Object.keys(detector.value?.keys ?? {}).map((key) => byKey(key, text, signal)),
  ])
  return found.flat()
}

async function byId(text: string, signal: AbortSignal): Promise<readonly Found[]> {
  const { decisions } = await ask(client.POST('/v1/search', { body: { text }, signal }))
  return decisions.map(({ transactionId }) => ({
    ...{ name: transactionId, kind: 'transaction', href: at(['decisions', transactionId]) },
  }))
}

async function byCase(text: string, signal: AbortSignal): Promise<readonly Found[]> {
  if (!/^c-\d+$/.test(text)) return []
  const { data } = await caseCalls.detail(text, signal)
  return data === undefined ? [] : [{ name: `${data.id} ${titleOf(data)}`, kind: 'case', href: at(['cases', data.id]) }]
}

async function byKey(key: string, value: string, signal: AbortSignal): Promise<readonly Found[]> {
  // Not every text is a value of every key: a card number where none may be is refused, and then it is not found.
  const { data } = await client.POST('/v1/search', { body: { key, value, limit: 1 }, signal })
  if (data === undefined || data.token === null || data.decisions.length === 0) return []
  return [{ name: `${key} ${data.token}`, kind: key, href: at(['keys', key, data.token]) }]
}
