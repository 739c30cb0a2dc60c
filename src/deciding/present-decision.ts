import { formatIsoTime } from '../core/time-parser.ts'
import type { ContributionScale } from '../decisioning/contribution.ts'
import { type Decision, shownDegraded } from '../decisioning/decision.ts'
import type { Reason } from '../decisioning/opinion.ts'
import { type ExpectedScore, opinionOf } from '../decisioning/policy.ts'
import { type PolicyTrace, reasonsOf } from '../decisioning/policy-trace.ts'
import type { DecisionRecord, Definition, Sequenced } from '../log/log-record.ts'

/**
 * A decision as it is answered, of its record and of what was in force then.
 *
 * @param featureReasons what features spoke for fraud, in words.
 */
export function present(
  record: DecisionRecord | Sequenced<DecisionRecord>,
  definition: Definition,
  featureReasons: readonly Reason[],
): Decision {
  const { id, score, outcome, decidedAtMs } = record
  const { policy, others } = definition
  const { model = definition.model } = record
  const { contributionScale } = others?.find((other) => other.model === record.model) ?? definition
  const { policy: trace } = record
  const reasons = reasonsOf(trace ?? traceByDefinition(record, definition), outcome)
  const decision: Decision = {
    transactionId: id,
    outcome,
    score,
    reasons: featureReasons.length === 0 ? reasons : [...reasons, ...featureReasons],
    rules: trace?.rules?.map((rule) => ({ id: rule.id, state: rule.state, outcome: rule.outcome })) ?? noRules,
    model,
    policy: trace?.version ?? policy.version,
    decidedAt: formatIsoTime(decidedAtMs),
    duplicate: false,
    degraded: shownDegraded(record),
  }
  // Apart, since a literal that spreads something in its midst is slow to make, and most decisions have no such reasons.
  return featureReasons.length > 0 && contributionScale ? withScale(decision, contributionScale) : decision
}

function withScale(
  { transactionId, outcome, score, reasons, ...rest }: Decision,
  contributionScale: ContributionScale,
): Decision {
  return { transactionId, outcome, score, reasons, contributionScale, ...rest }
}

const noRules: Decision['rules'] = []

/** What the definition's policy made of a decision, where nobody had changed it. */
export function traceByDefinition(record: DecisionRecord, { policy, model }: Definition): PolicyTrace {
  const opinion = opinionOf(policy, expectedScore(record, model))
  return opinion === undefined ? {} : { opinion }
}

/** A recorded score as the policy took it: without a model only features that failed call for what is said in its place. */
export function expectedScore(
  { score, degraded, model: canary }: Pick<DecisionRecord, 'score' | 'degraded' | 'model'>,
  champion: string | null,
): ExpectedScore {
  const hasModel = champion !== null || canary !== undefined
  return hasModel || degraded.includes('features-failed') ? score : undefined
}
