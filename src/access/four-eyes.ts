import { FraudError } from '../core/errors.ts'
import type { JsonObject } from '../core/json-value.ts'
import type { ProposalStore, SettingStore } from './access-store.ts'
import type { Principal } from './principal.ts'
import { hashProposal, type Proposal, type ProposalKind, type ProposalState } from './proposal.ts'

const setting = 'four-eyes'
/** So many changes that nobody looks at are a fault. */
const mostPending = 1000

interface FourEyesOptions {
  readonly store: { readonly proposals: ProposalStore; readonly settings: SettingStore }
  readonly clock: () => number
}

/** What is proposed. */
export interface NewProposal {
  readonly kind: ProposalKind
  readonly content: JsonObject
  readonly why: string
  readonly base: number | null
}

/** Changes that one person makes and another one lets through. */
export class FourEyes {
  readonly #options: FourEyesOptions

  constructor(options: FourEyesOptions) {
    this.#options = options
  }

  /** What a service was at when it was killed is asked for again: where it was done, its version has moved on. */
  recover(): void {
    this.#options.store.proposals.reopen()
  }

  /** Whether changes of what decides wait for somebody else. */
  get isOn(): boolean {
    return this.#options.store.settings.get(setting) === 'on'
  }

  /**
   * Anybody who is somebody may switch it on. Off is a change that waits for somebody else itself.
   *
   * @throws FraudError OWNER_MISSING
   */
  switchOn(principal: Principal): void {
    personOf(principal)
    this.#options.store.settings.set(setting, 'on')
  }

  /** To be called for a proposal that was approved. */
  switchOff(): void {
    this.#options.store.settings.set(setting, 'off')
  }

  /** @throws FraudError OWNER_MISSING, CHANGES_FULL */
  propose({ kind, content, why, base }: NewProposal, principal: Principal): Proposal {
    const { store, clock } = this.#options
    const person = personOf(principal)
    if (store.proposals.count('pending') >= mostPending)
      throw new FraudError('CHANGES_FULL', `${mostPending} changes wait for approval: approve or reject some first`)
    const proposal = {
      ...{ kind, content, by: principal.name, person, why, atMs: clock(), base },
      state: 'pending' as const,
      decided: null,
    }
    return store.proposals.add({ ...proposal, hash: hashProposal(proposal) })
  }

  /** @throws FraudError CHANGE_UNKNOWN */
  find(id: number): Proposal {
    const proposal = this.#options.store.proposals.find(id)
    if (proposal === undefined) throw new FraudError('CHANGE_UNKNOWN', 'There is no change with this number')
    return proposal
  }

  /** Newest first. */
  list(state: ProposalState | undefined, before: number, limit: number): readonly Proposal[] {
    return this.#options.store.proposals.list(state, before, limit)
  }

  /**
   * Lets a change through: `apply` puts it in force.
   *
   * @param hash of what the approver has looked at.
   * @throws FraudError CHANGE_UNKNOWN, CHANGE_DECIDED, CHANGE_DIFFERS, SAME_PERSON, OWNER_MISSING, and what `apply` does; one that can
   * never apply again is `outdated` then
   */
  async approve<Answer>(
    { id, hash, why }: { readonly id: number; readonly hash: string; readonly why: string },
    principal: Principal,
    apply: (proposal: Proposal) => Promise<Answer>,
  ): Promise<Answer> {
    const proposal = this.#open(id, hash)
    refuseSamePerson(proposal, principal)
    const { proposals } = this.#options.store
    // Only one of two at once gets through.
    if (!proposals.move(id, 'pending', 'approving')) throw decided(id)
    const noted = { by: principal.name, atMs: this.#options.clock(), why }
    try {
      const answer = await apply(proposal)
      proposals.move(id, 'approving', 'approved', noted)
      return answer
    } catch (error) {
      const isOver = error instanceof FraudError && !mayApplyLater.has(error.code)
      if (isOver) proposals.move(id, 'approving', 'outdated', { ...noted, why: error.message })
      else proposals.move(id, 'approving', 'pending')
      throw error
    }
  }

  /** @throws FraudError as `approve` */
  reject(
    { id, hash, why }: { readonly id: number; readonly hash: string; readonly why: string },
    principal: Principal,
  ): Proposal {
    refuseSamePerson(this.#open(id, hash), principal)
    return this.#end(id, 'rejected', principal, why)
  }

  /** Takes one's own change back. @throws FraudError CHANGE_UNKNOWN, CHANGE_DECIDED, FORBIDDEN */
  withdraw(id: number, principal: Principal): Proposal {
    const proposal = this.find(id)
    if (personOf(principal) !== proposal.person)
      throw new FraudError('FORBIDDEN', 'Only who made a change can take it back; somebody else rejects it')
    return this.#end(id, 'withdrawn', principal, '')
  }

  #end(id: number, state: 'rejected' | 'withdrawn', { name: by }: Principal, why: string): Proposal {
    const { store, clock } = this.#options
    if (!store.proposals.move(id, 'pending', state, { by, atMs: clock(), why })) throw decided(id)
    return this.find(id)
  }

  #open(id: number, hash: string): Proposal {
    const proposal = this.find(id)
    if (proposal.state !== 'pending') throw decided(id)
    if (hash === proposal.hash && hash === hashProposal(proposal)) return proposal
    throw new FraudError('CHANGE_DIFFERS', 'The hash is not that of this change: look at the change again')
  }
}

/** After these the same change may still be made. */
const mayApplyLater: ReadonlySet<string> = new Set([
  'DEPLOYMENT_UNDERWAY',
  'INTERRUPTED',
  'LOG_UNAVAILABLE',
  'NOT_READY',
  'OVERLOADED',
])

/** @throws FraudError OWNER_MISSING */
function personOf({ person }: Principal): string {
  if (person !== undefined) return person.toLowerCase()
  throw new FraudError(
    'OWNER_MISSING',
    'It must be known whose this is (four eyes): log in, or use a key with an owner (shrike keys create --owner NAME)',
  )
}

function refuseSamePerson({ person }: Proposal, principal: Principal): void {
  if (personOf(principal) !== person) return
  throw new FraudError('SAME_PERSON', 'Somebody else has to look at a change: this one is your own')
}

function decided(id: number): FraudError {
  return new FraudError('CHANGE_DECIDED', `Change ${id} does not wait for approval any more`)
}
