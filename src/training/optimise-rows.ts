import { FraudError } from '../core/errors.ts'
import { compileSegments, segmentOf as segmentOfSubject } from '../decisioning/compiled-policy.ts'
import type { Costs } from '../decisioning/costs.ts'
import { opinionOfScore } from '../decisioning/judged.ts'
import type { PolicyDefinition } from '../decisioning/policy-definition.ts'
import { LentSubject, type PolicyNames, policyNames } from '../decisioning/policy-names.ts'
import type { Detector } from '../detector/detector.ts'
import type { Outcome } from '../detector/detector-schema.ts'
import { type OptimisedPolicy, optimisePolicy } from '../evaluation/policy/optimise-policy.ts'
import { compileExpression } from '../language/index.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { type Choice, daysOf, millisecondsOf, moneyOf } from './measure-policy.ts'
import type { ScoredRows } from './scored-rows.ts'

/** What to search with: the policy in force, and what outcomes cost. */
export interface OptimiseRequest {
  readonly policy: PolicyDefinition
  readonly costs: Costs
  readonly seed: number
}

/** The name under which the thresholds are that hold where no segment does. */
const elsewhere = 'everything else'

const fewestDays = 2

/**
 * Searches thresholds and the price of review capacity on rows that the model was not trained on.
 *
 * @throws FraudError OPTION_INVALID for a segment that can't be told from the rows, DATA_INVALID where the rows took less
 * than two days or have no amounts that can be added
 */
export function optimiseRows(
  rows: LabelledRows,
  detector: Detector,
  scored: ScoredRows,
  choice: Choice,
  { policy, costs, seed }: OptimiseRequest,
): OptimisedPolicy {
  const { labels, probabilities, weights, rows: part } = scored
  const days = daysOf(rows, part, choice)
  if (days === undefined || days.count < fewestDays) {
    throw new FraudError(
      'DATA_INVALID',
      `Costs are told a day, and the rows are a sample, have no time or took less than ${fewestDays} days`,
    )
  }
  const amounts = moneyOf(rows, part)
  if (amounts === undefined) {
    throw new FraudError(
      'DATA_INVALID',
      'The rows have no amounts, or amounts of several currencies without a conversion',
    )
  }
  const { segmentNames, ask } = askPolicy(rows, detector, policy)
  const segmentOf = new Uint8Array(part.length)
  const current = Array.from(part, (row, i) => {
    const { segment, outcome } = ask(row, probabilities[i])
    segmentOf[i] = segment
    return outcome
  })
  return optimisePolicy({
    probabilities,
    amounts,
    weights,
    labels,
    days,
    costs,
    current,
    segmentOf,
    segmentNames,
    seed,
  })
}

/** The policy with what was found: thresholds by segment, or the price of capacity where costs decide. */
export function withOptimum(policy: PolicyDefinition, costs: Costs, found: OptimisedPolicy): PolicyDefinition {
  const { segments } = found.byThresholds
  const { capacityPrice } = found.byCosts
  return {
    ...policy,
    thresholds: segments[elsewhere] ?? policy.thresholds,
    ...(policy.segments && {
      segments: policy.segments.map((each) => ({ ...each, thresholds: segments[each.name] ?? each.thresholds })),
    }),
    costs: { ...costs, capacityPrice },
  }
}

/** What the policy in force says of a row: the number of its segment, and its outcome. */
function askPolicy(rows: LabelledRows, detector: Detector, policy: PolicyDefinition) {
  const names = policyNames(detector, [], rows.features)
  const declarations = { names: names.names, lists: new Map() }
  for (const { name, when } of policy.segments ?? []) {
    const compiled = compileExpression(when, declarations)
    if (compiled.ok) continue
    const problems = compiled.problems.map(({ message }) => message).join('; ')
    throw new FraudError(
      'OPTION_INVALID',
      `The segment ${name} can't be told from the rows, which have an amount, a time, a score and features: ${problems}`,
    )
  }
  const segments = compileSegments(policy, declarations)
  const subject = new LentSubject(names)
  const fill = filler(rows, names, subject)
  return {
    segmentNames: [...segments.map(({ name }) => name), elsewhere],
    ask(row: number, score: number): { readonly segment: number; readonly outcome: Outcome } {
      fill(row, score)
      const own = segmentOfSubject(segments, subject)
      const outcome = opinionOfScore(policy, { segments }, subject, score)?.outcome ?? 'approve'
      return { segment: own === undefined ? segments.length : segments.indexOf(own), outcome }
    },
  }
}

function filler(rows: LabelledRows, { minorUnits }: PolicyNames, subject: LentSubject) {
  const { columns, times, amounts } = rows
  const toMs = millisecondsOf(rows)
  const row = new Float64Array(columns.length)
  return (index: number, score: number) => {
    columns.forEach((column, feature) => {
      row[feature] = column[index]
    })
    const timestampMs = times === undefined ? Number.NaN : toMs(times[index])
    const amount = (amounts?.[index] ?? Number.NaN) * minorUnits
    subject.fill({ id: '', timestampMs, decidedAtMs: timestampMs, amount, fields: [], row, score })
  }
}
