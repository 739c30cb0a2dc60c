import { signal } from '@preact/signals'
import createClient from 'openapi-fetch'
import { ProblemError, readProblem } from './problem.ts'
import type { components, paths } from './schema.d.ts'

export type Schemas = components['schemas']

/** Under which a tab keeps an API key that was typed in, as the service's other pages do: in no URL and no cookie. */
const keyName = 'shrike-key'

/** Whether the service knows who asks; it has said so, or has not been asked yet. */
export const access = signal<'unknown' | 'open' | 'refused'>('unknown')

/** Whether the service answers. */
export const isReachable = signal(true)

export const client = createClient<paths>({ baseUrl: '/', fetch: send })

/** Every call of the console: with the tab's key where there is one, and noting what it says of access. */
export async function send(request: Request): Promise<Response> {
  const key = sessionStorage.getItem(keyName)
  if (key !== null) request.headers.set('authorization', `Bearer ${key}`)
  let answer: Response
  try {
    answer = await fetch(request)
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) isReachable.value = false
    throw error
  }
  isReachable.value = true
  if (answer.status === 401) access.value = 'refused'
  else if (answer.ok && access.value === 'unknown') access.value = 'open'
  return answer
}

interface Answer<Data> {
  readonly data?: Data
  readonly error?: unknown
  readonly response: Response
}

/**
 * What a call answers with.
 *
 * @throws ProblemError where the service refuses.
 */
export async function ask<Data>(call: Promise<Answer<Data>>): Promise<NonNullable<Data>> {
  const { data, error, response } = await call
  if (!response.ok || data === undefined || data === null) throw new ProblemError(readProblem(response.status, error))
  return data
}

export function keepKey(key: string): void {
  sessionStorage.setItem(keyName, key)
}

export function forgetKey(): void {
  sessionStorage.removeItem(keyName)
}
