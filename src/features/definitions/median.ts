import { median } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const medianKind = summaryOfNumber(
  'median',
  median,
  ({ key, of, within, value }) => `The median ${of} of ${key} ${within} is ${value}`,
)
