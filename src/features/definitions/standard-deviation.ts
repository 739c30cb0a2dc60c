import { standardDeviation } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const standardDeviationKind = summaryOfNumber('standardDeviation', standardDeviation)
