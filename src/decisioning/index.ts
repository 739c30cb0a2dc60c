/**
 * From a score to an outcome. What the rest of the project asks of a policy whose parts change while it is in force:
 *
 *     const policy = new PolicyInForce({ policy: fromShortForm(policyOf(detector)), version: 1 }, names)
 *     const { problems } = checkChange(policy, anyChangeSchema.parse(body))   // before it is recorded
 *     policy.apply({ sequence, by, why, atMs, change })       // a change that was recorded
 *     const { outcome, trace } = policy.judge({ id, timestampMs, decidedAtMs, amount, fields, row, score }, secret)
 *     policy.note({ sequence, decidedAtMs, outcome, trace })  // once it has its record: fuses count it
 *     reasonsOf(trace, outcome)                               // when it is shown
 */

export { anyChangeSchema, type Change, type ChangeRecord, movesVersion } from './change.ts'
export {
  type CheckedChange,
  type CheckedWith,
  checkChange,
  checkNames,
  checkPartly,
  type PolicyProblem,
} from './check-change.ts'
export { type Definitions, speaksWithoutScore, thresholdsAlone } from './definitions.ts'
export { type DrawPurpose, draw } from './draws.ts'
export type { PolicyExplanation } from './explain-policy.ts'
export type { Judged } from './judged.ts'
export type { NumberedEntry } from './list-entries.ts'
export { pastTimes } from './past-times.ts'
export { fromShortForm, type PolicyDefinition } from './policy-definition.ts'
export { changeTo, tellChange, tellDifferences } from './policy-diff.ts'
export { type PolicyDocuments, type PolicyFile, readPolicyFiles, writePolicyFiles } from './policy-documents.ts'
export type { HistoryStep } from './policy-history.ts'
export { type FirstPolicy, type NotedDecision, PolicyInForce } from './policy-in-force.ts'
export { type PolicyFeatures, type PolicyInput, type PolicyNames, policyNames } from './policy-names.ts'
export {
  type ListHit,
  outcomeAs,
  type PolicyTrace,
  type RuleHit,
  reasonsOf,
  settleTrace,
  type VersionedTrace,
} from './policy-trace.ts'
export type { RuleSet } from './rule-set.ts'
export type { UnknownCount } from './unknown-counts.ts'
export { WindowCount } from './window-count.ts'
