import { max } from '../summaries.ts'
import { ratioToSummary } from '../windowed.ts'

export const ratioToMaxKind = ratioToSummary(
  'ratioToMax',
  max,
  ({ own, key, of, within, value }) => `${own} is ${value} times the largest ${of} of ${key} ${within}`,
)
