import { StateWriter } from '../src/core/state-bytes.ts'
import type { Change, ChangeRecord, SingleChange } from '../src/decisioning/change.ts'
import { policySchema } from '../src/decisioning/policy-definition.ts'
import { PolicyInForce } from '../src/decisioning/policy-in-force.ts'
import { type PolicyInput, type PolicyNames, policyNames } from '../src/decisioning/policy-names.ts'
import type { DeclaredField } from '../src/detector/declared-fields.ts'
import type { Detector } from '../src/detector/detector-schema.ts'

export const startMs = Date.UTC(2026, 0, 1)
export const secret = new Uint8Array(32).fill(3)

const detector: Detector = {
  detector: 'cards',
  transaction: {
    id: 'ID',
    time: { field: 'AT', format: 'iso' },
    amount: { field: 'AMOUNT', digits: 2 },
    keys: { card: 'CARD', device: 'DEVICE' },
    fields: { country: 'COUNTRY' },
    personal: ['device'],
    label: { field: 'FRAUD' },
  },
  features: ['AMOUNT'],
}

const columns: readonly DeclaredField[] = [
  { column: 'AMOUNT', kind: 'number' },
  { column: 'CARD', kind: 'text' },
  { column: 'DEVICE', kind: 'text' },
  { column: 'COUNTRY', kind: 'either' },
]

export function names(features: readonly string[] = ['card_count_10m', 'card_amount_sum_1d']): PolicyNames {
  return policyNames(detector, columns, features)
}

/** A policy with thresholds alone, in its first version. */
export function inForce(): PolicyInForce {
  const policy = policySchema.parse({ thresholds: { review: 0.5, decline: 0.9 } })
  return new PolicyInForce({ policy, version: 1 }, names())
}

export function record(sequence: number, change: Change): ChangeRecord {
  return { sequence, by: 'user:ann', why: 'a test', atMs: startMs, change }
}

/** Sets a policy that is the usual one but for what is given. */
export function changeOf(given: Readonly<Record<string, unknown>>): SingleChange {
  return { kind: 'policy', policy: policySchema.parse({ thresholds: { review: 0.5, decline: 0.9 }, ...given }) }
}

interface Given extends Partial<Omit<PolicyInput, 'row' | 'fields'>> {
  readonly row?: readonly number[]
  readonly card?: string | undefined
  readonly device?: string | undefined
  readonly country?: string | undefined
}

/** A transaction of 10.00 with the card c1, but for what is given. */
export function input(given: Given): PolicyInput {
  const { row = [1, 0], card = 'c1', device, country = 'DE', amount = 1000, ...rest } = given
  return {
    ...{ id: 't', timestampMs: startMs, decidedAtMs: startMs, score: 0.1, amount },
    ...rest,
    fields: [amount / 100, 'card' in given ? given.card : card, device, 'country' in given ? given.country : country],
    row: Float64Array.from(row),
  }
}

export function save(policy: PolicyInForce): Uint8Array {
  const writer = new StateWriter()
  return Buffer.concat([...policy.save(writer), ...writer.take(true)])
}
