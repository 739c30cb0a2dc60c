import { sum } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const sumKind = summaryOfNumber('sum', sum)
