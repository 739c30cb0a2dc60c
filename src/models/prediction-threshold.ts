/**
 * The probability from which on fraud is predicted. The recipe predicts fraud strictly above 0.5; a chosen threshold
 * is inclusive.
 */
export interface PredictionThreshold {
  readonly value: number
  readonly inclusive: boolean
}

/** Whether a calibrated probability reaches a threshold. */
export function predictsFraud(threshold: PredictionThreshold, probability: number): boolean {
  return threshold.inclusive ? probability >= threshold.value : probability > threshold.value
}
