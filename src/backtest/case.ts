import type { PolicyInput } from '../decisioning/index.ts'
import type { ExpectedScore } from '../decisioning/policy.ts'
import type { Outcome } from '../detector/detector-schema.ts'

/**
 * What a transaction turned out to be, as far as it can be known. One younger than the labels' maturity tells nothing: of
 * those, frauds are known first.
 */
export const truths = ['fraud', 'legitimate', 'unknown', 'young'] as const
export type Truth = (typeof truths)[number]

/** A transaction of the past that policies are asked about again; it is lent until the next one. */
export interface Case extends PolicyInput {
  readonly sequence: number
  /** By the model that is tested; `score` where there is none. */
  readonly testedScore: ExpectedScore
  /** What was settled on then, whatever the control group made of it; undefined where nothing was decided. */
  readonly happened: Outcome | undefined
  readonly truth: Truth
  /**
   * How probable it was that the control group let it pass, where that has a say in it; 0 where it was held back, and NaN
   * where the control group had no say.
   */
  readonly passed: number
}

/** A case that its owner fills again and again. */
export type MutableCase = { -readonly [Field in keyof Case]: Case[Field] }

export function emptyCase(fields: Case['fields'], row: Float64Array): MutableCase {
  return {
    ...{ id: '', sequence: 0, timestampMs: 0, decidedAtMs: 0, amount: 0, fields, row },
    ...{ score: undefined, testedScore: undefined, happened: undefined, truth: 'unknown', passed: Number.NaN },
  }
}

/** The label that counts: none, legitimate, fraud. */
export const labelCodes = { none: 0, legitimate: 1, fraud: 2 } as const

/**
 * Of a decision: without a label a transaction is legitimate only if it passed.
 *
 * @param matureMs transactions after this time are too young.
 */
export function truthOfDecision(timestampMs: number, outcome: Outcome, label: number, matureMs: number): Truth {
  if (timestampMs > matureMs) return 'young'
  if (label !== labelCodes.none) return label === labelCodes.fraud ? 'fraud' : 'legitimate'
  return outcome === 'approve' ? 'legitimate' : 'unknown'
}
