/**
 * How a probability becomes the prediction 0 or 1. The recipe predicts fraud strictly above 0.5; a chosen threshold
 * counts itself in.
 */
export interface DecisionRule {
  readonly threshold: number
  readonly inclusive: boolean
}

export function predictsFraud(rule: DecisionRule, probability: number): boolean {
  return rule.inclusive ? probability >= rule.threshold : probability > rule.threshold
}
