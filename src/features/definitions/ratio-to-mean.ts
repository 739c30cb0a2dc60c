import { mean } from '../summaries.ts'
import { ratioToSummary } from '../windowed.ts'

export const ratioToMeanKind = ratioToSummary(
  'ratioToMean',
  mean,
  ({ own, key, of, within, value }) => `${own} is ${value} times the average ${of} of ${key} ${within}`,
)
