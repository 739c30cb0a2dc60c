import { signal } from '@preact/signals'
import { access, ask, client, forgetKey, keepKey } from './client.ts'
import { forgetAnswers } from './query.ts'

export interface Who {
  /** As records name them: `user:ada`, `key:checkout`, `anyone`. */
  readonly principal: string
  /** Null where it is a key that asks, or where nobody has to log in. */
  readonly user: string | null
  readonly roles: readonly string[]
  readonly endsAt: string | null
}

/** Who works here, once the service has said so. */
export const who = signal<Who | undefined>(undefined)

export async function loadWho(): Promise<void> {
  who.value = await ask(client.GET('/v1/sessions'))
}

/** Whether somebody may do what asks for a role; what they may not is not offered. The service asks again anyway. */
export function mayDo(role: string): boolean {
  const roles = who.value?.roles ?? []
  return roles.includes(role) || roles.includes('admin')
}

/** `ada` of `user:ada`, for people. */
export function shortName(principal: string): string {
  return principal === who.value?.principal ? 'you' : principal.replace(/^user:/, '')
}

type Credentials = { readonly name: string; readonly password: string } | { readonly once: string }

/** @throws ProblemError where the service lets nobody in by them. */
export async function logIn(credentials: Credentials): Promise<void> {
  forgetKey()
  begin(await ask(client.POST('/v1/sessions', { body: credentials })))
}

/** Works with an API key, which this tab keeps until it is closed. */
export async function enterWithKey(key: string): Promise<void> {
  keepKey(key)
  try {
    begin(await ask(client.GET('/v1/sessions')))
  } catch (error) {
    forgetKey()
    throw error
  }
}

function begin(known: Who): void {
  if (known.principal !== who.value?.principal) forgetAnswers()
  who.value = known
  access.value = 'open'
}

export async function logOut(): Promise<void> {
  forgetKey()
  if (who.value?.user !== null) await ask(client.DELETE('/v1/sessions'))
  who.value = undefined
  forgetAnswers()
  access.value = 'refused'
}

/** The secret of a link that lets somebody in once. It stands behind `#`, which is sent to nobody, and is taken away at once. */
export function takeOnce(): string | undefined {
  const [, secret] = /^#once=(.+)$/.exec(location.hash) ?? []
  if (secret !== undefined) history.replaceState(history.state, '', location.pathname + location.search)
  return secret
}
