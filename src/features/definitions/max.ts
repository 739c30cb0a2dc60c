import { max } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const maxKind = summaryOfNumber(
  'max',
  max,
  ({ key, of, within, value }) => `The largest ${of} of ${key} ${within} is ${value}`,
)
