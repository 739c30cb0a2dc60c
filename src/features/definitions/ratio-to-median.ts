import { median } from '../summaries.ts'
import { ratioToSummary } from '../windowed.ts'

export const ratioToMedianKind = ratioToSummary(
  'ratioToMedian',
  median,
  ({ own, key, of, within, value }) => `${own} is ${value} times the median ${of} of ${key} ${within}`,
)
