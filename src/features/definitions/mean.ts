import { mean } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const meanKind = summaryOfNumber(
  'mean',
  mean,
  ({ key, of, within, value }) => `The average ${of} of ${key} ${within} is ${value}`,
)
