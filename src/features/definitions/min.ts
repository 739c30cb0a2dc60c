import { min } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const minKind = summaryOfNumber(
  'min',
  min,
  ({ key, of, within, value }) => `The smallest ${of} of ${key} ${within} is ${value}`,
)
