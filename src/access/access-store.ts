import type { AuditStore } from './audit.ts'
import type { PasswordHash } from './password.ts'
import type { Proposal, ProposalDecision, ProposalState } from './proposal.ts'
import type { Role } from './roles.ts'

/** A person who can log in with a password. */
export interface StoredUser {
  readonly name: string
  readonly roles: readonly Role[]
  readonly isDisabled: boolean
  readonly createdMs: number
  readonly password: PasswordHash
  /** Another one after each change of the password: sessions of an earlier one have ended. */
  readonly credential: string
}

/** Somebody who has logged in: all that is kept of the token is its hash. */
export interface StoredSession {
  readonly hash: string
  readonly name: string
  /** Of the user's password; null where the session does not rest on a user here. */
  readonly credential: string | null
  /** Those of a session that does not rest on a user here; null where the user's count. */
  readonly roles: readonly Role[] | null
  readonly createdMs: number
  readonly seenMs: number
}

/** Where users and sessions are kept; what is written is durable on return. Commands may change it beside a service. */
export interface AccessStore {
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly proposals: ProposalStore
  readonly settings: SettingStore
  readonly audit: AuditStore
  close(): void
}

interface UserStore {
  /** By name. */
  list(): readonly StoredUser[]
  find(name: string): StoredUser | undefined
  /** Whether there is at least one, disabled or not. */
  any(): boolean
  /** @returns false where the name is taken. */
  add(user: StoredUser): boolean
  /** Replaces the user of this name. */
  put(user: StoredUser): void
}

interface SessionStore {
  find(hash: string): StoredSession | undefined
  add(session: StoredSession): void
  /** Notes when sessions were last used, by their hashes. */
  touch(seen: ReadonlyMap<string, number>): void
  remove(hash: string): void
  /** Ends those of a user. */
  removeOf(name: string): void
  /** Forgets those that were made, or last used, before these times. */
  removeOlder(createdMs: number, seenMs: number): void
}

export interface ProposalStore {
  find(id: number): Proposal | undefined
  /** Newest first, those with numbers under `before`. */
  list(state: ProposalState | undefined, before: number, limit: number): readonly Proposal[]
  count(state: ProposalState): number
  add(proposal: Omit<Proposal, 'id'>): Proposal
  /** @returns false where it is in another state. */
  move(id: number, from: ProposalState, to: ProposalState, decided?: ProposalDecision): boolean
  /** Has those pending again that were being approved. */
  reopen(): void
}

export interface SettingStore {
  get(name: string): string | undefined
  set(name: string, value: string): void
}
