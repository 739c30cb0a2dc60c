import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import type { NewChange } from '../deciding/append-change.ts'
import { PolicyProjection } from '../deciding/policy-projection.ts'
import type { PolicyNames } from '../decisioning/index.ts'
import { changeFromText } from '../log/change-format.ts'
import type { Definition } from '../log/log-record.ts'
import type { Entry } from './entries.ts'

/** A change as its entry has it. */
interface ProposedChange {
  /** Names it, so that whoever proposed it hears what became of it. */
  readonly proposal: string
  /** The head that it was made of: where another change came first, it does not count. */
  readonly after: number
  readonly record: NewChange
}

export function changeEntry({ proposal, after, record }: ProposedChange): Entry {
  return { kind: 'change', json: JSON.stringify({ proposal, after, ...record }) }
}

/** @throws FraudError LOG_TOO_NEW where this version does not know such a change */
function readChange(json: string, position: number): ProposedChange {
  const read: unknown = JSON.parse(json)
  const { proposal, after, kind } = isRecord(read) ? read : {}
  const isKnown = kind === 'rule' || kind === 'list' || kind === 'policy'
  if (!isKnown || typeof proposal !== 'string' || typeof after !== 'number') {
    throw new FraudError('LOG_TOO_NEW', `The control lane has a change at ${position} that a newer Shrike wrote`)
  }
  const { others, ...content } = changeFromText(json)
  return { proposal, after, record: { kind, ...content } }
}

/** Hears where a change is in the lane; undefined where another one came first, so that it does not count. */
type Hear = (position: number | undefined) => void

/**
 * The policy as definitions and changes of the control lane make it. A change names the one that it was made of, and counts
 * only right behind that: so each was checked against what it changes, and one that is there twice counts once.
 */
export class PolicyLane {
  #policy: PolicyProjection | undefined
  #head = -1
  readonly #waiting = new Map<string, Hear>()

  /** The position of the last entry that counts. */
  get head(): number {
    return this.#head
  }

  /** @throws FraudError NOT_READY before the first definition */
  get policy(): PolicyProjection {
    if (this.#policy === undefined) throw new FraudError('NOT_READY', 'The control lane has no definition')
    return this.#policy
  }

  define(position: number, definition: Definition, names: PolicyNames): void {
    if (this.#policy === undefined) this.#policy = new PolicyProjection(names, definition.policy)
    else this.#policy.rename(names)
    this.#policy.take({ kind: 'definition', ...definition }, position)
    this.#head = position
  }

  /** @throws FraudError LOG_TOO_NEW: what is in force is then not known. */
  change(position: number, json: string): void {
    const { proposal, after, record } = readChange(json, position)
    const isTaken = after === this.#head
    if (isTaken) {
      this.policy.take(record, position)
      this.#head = position
    }
    this.#waiting.get(proposal)?.(isTaken ? position : undefined)
  }

  /** Has somebody told what became of a proposal, until the returned function is called. */
  listen(proposal: string, hear: Hear): () => void {
    this.#waiting.set(proposal, hear)
    return () => this.#waiting.delete(proposal)
  }
}
