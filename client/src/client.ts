import createFetchClient, { type Client } from 'openapi-fetch'
import type { Decision, ItemError, Label, LabelAnswer, paths, Transaction } from './api.ts'
import { type AskOptions, askAgain, type Send } from './ask.ts'
import { decide, decideLate } from './decide.ts'
import { type EventFollower, type EventsOptions, followEvents } from './events.ts'
import { noAnswer } from './problem.ts'
import { shareEvents } from './shared-events.ts'

export interface ClientOptions {
  /** Where the service is, such as `https://shrike.example.com`. */
  readonly url: string | URL
  /** Sent as a Bearer token. In a browser with a session there is none: its cookie goes by itself. */
  readonly key?: string
  readonly fetch?: typeof fetch
}

export interface ShrikeClient {
  /** Every route, typed: `api.GET('/v1/decisions/{id}', { params: { path: { id } } })`; `dataOf` unpacks its answers. */
  readonly api: Client<paths>
  /** One transaction while somebody waits; undefined where no answer came within `budgetMs`, 300 by default. */
  decide(transaction: Transaction, options?: AskOptions): Promise<Decision | undefined>
  /** Transactions that nobody waits for, until each has its answer or `budgetMs`, a minute by default, are over. */
  decideLate(
    transactions: readonly Transaction[],
    options?: AskOptions,
  ): Promise<readonly (Decision | ItemError | undefined)[]>
  /** What transactions turned out to be; resolves once that is durable. @throws ShrikeError NO_ANSWER: send them again. */
  label(labels: readonly Label[], options?: AskOptions): Promise<readonly LabelAnswer[]>
  /** What happens, over a connection of its own. */
  events(options: EventsOptions): EventFollower
  /** The same over one connection for all tabs of a browser; elsewhere as `events`. */
  sharedEvents(options: EventsOptions): EventFollower
}

const labelBudgetMs = 30_000
const labelCallMs = 10_000

export function createClient({ url, key, fetch: given }: ClientOptions): ShrikeClient {
  const base = String(url).replace(/\/+$/, '')
  const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const ask = given ?? ((input: Parameters<typeof fetch>[0], init?: RequestInit) => fetch(input, init))
  const send: Send = (path, body, signal) =>
    ask(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body,
      signal,
    })
  const open = (query: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) =>
    ask(`${base}/v1/events${query}`, { headers: { accept: 'text/event-stream', ...headers, ...authorization }, signal })
  return {
    api: createFetchClient<paths>({ baseUrl: base, headers: authorization, ...(given && { fetch: given }) }),
    decide: (transaction, options) => decide(send, transaction, options),
    decideLate: (transactions, options) => decideLate(send, transactions, options),
    async label(labels, options = {}) {
      const whole = { ...options, budgetMs: options.budgetMs ?? labelBudgetMs, callMs: options.callMs ?? labelCallMs }
      const answers = await askAgain(
        ...([send, '/v1/labels', JSON.stringify(labels), whole] as const),
        (given) => given as readonly LabelAnswer[],
      )
      if (answers === undefined) throw noAnswer(whole.budgetMs)
      return answers
    },
    events: (options) => followEvents(open, options),
    sharedEvents: (options) => shareEvents(`shrike-events ${base}`, open, options),
  }
}
