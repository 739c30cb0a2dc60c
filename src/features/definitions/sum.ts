import { sum } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const sumKind = summaryOfNumber(
  'sum',
  sum,
  ({ key, of, within, value }) => `The ${of} of all payments of ${key} ${within} is ${value}`,
)
