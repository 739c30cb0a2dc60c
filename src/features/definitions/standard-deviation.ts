import { standardDeviation } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const standardDeviationKind = summaryOfNumber(
  'standardDeviation',
  standardDeviation,
  ({ key, of, within, value }) =>
    `The ${of} of payments of ${key} ${within} differs from its average by ${value}, as a standard deviation`,
)
