import type { ThresholdObjective } from '../evaluation/choose-threshold.ts'
import { chooseOnHeld, thresholdInterval } from '../evaluation/held-choice.ts'
import type { ChosenThreshold } from '../models/bundle.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { costModelOn } from './mistake-costs.ts'
import type { ScoredRows } from './scored-rows.ts'
import type { ThresholdPlan, TrainingPlan } from './training-plan.ts'

/** Chosen on rows that the model was not trained on, never on the test rows; or given; or the recipe's. */
export function decideThreshold(rows: LabelledRows, plan: TrainingPlan, held: ScoredRows | undefined): ChosenThreshold {
  if (plan.threshold !== undefined) return givenThreshold(plan.threshold)
  if (held === undefined) return { value: 0.5, inclusive: false, chosenBy: 'by the recipe: fraud above 0.5' }
  const { objective, chosenBy } = resolveObjective(rows, plan.objective ?? { kind: 'f1' }, held.rows)
  return chosenThreshold(held, objective, chosenBy, plan.seed)
}

/** A threshold that somebody named. */
export function givenThreshold(value: number): ChosenThreshold {
  return { value, inclusive: true, chosenBy: 'as given' }
}

/** The threshold that serves an objective best on held rows, with its interval. @param chosenBy what it serves, and on which part of the rows. */
export function chosenThreshold(
  held: ScoredRows,
  objective: ThresholdObjective,
  chosenBy: string,
  seed: number,
): ChosenThreshold {
  const { threshold, isExpected } = chooseOnHeld(held, objective)
  const interval = thresholdInterval(held, objective, seed)
  const told = isExpected ? `${chosenBy}, by what the probabilities lead to expect since it has few frauds` : chosenBy
  return { value: threshold, inclusive: true, chosenBy: told, ...(interval && { interval }) }
}

function resolveObjective(rows: LabelledRows, plan: ThresholdPlan, part: Uint32Array) {
  const where = 'on the last part of the training period'
  if (plan.kind === 'f1') return { objective: plan, chosenBy: `for the best F1 ${where}` }
  if (plan.kind !== 'cost') return { objective: plan, chosenBy: `for a ${plan.kind} of ${plan.atLeast} ${where}` }
  const { falsePositive, falseNegative } = plan
  const missed = falseNegative === 'amount' ? 'its amount' : falseNegative
  const chosenBy = `for the least cost ${where}, a false alarm costing ${falsePositive} and a missed fraud ${missed}`
  return { objective: { kind: 'cost' as const, cost: costModelOn(rows, part, plan) }, chosenBy }
}
