import type { Prediction } from '../../scoring/predictor.ts'

/** The recipe's answer, to the letter. Built by hand: two fields need no serializer, and a finite number is its own JSON. */
export function renderPrediction({ isFraud, probability }: Prediction): string {
  return `{"fraud_prediction":${isFraud ? '1' : '0'},"probability":${probability}}`
}

export const predictionSchema = {
  type: 'object',
  properties: {
    fraud_prediction: {
      type: 'integer',
      enum: [0, 1],
      description: "1 where the probability reaches the bundle's threshold.",
    },
    probability: { type: 'number', minimum: 0, maximum: 1, description: 'The calibrated probability of fraud.' },
  },
  required: ['fraud_prediction', 'probability'],
  additionalProperties: false,
  examples: [{ fraud_prediction: 0, probability: 0.0123 }],
} as const
