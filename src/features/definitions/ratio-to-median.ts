import { median } from '../summaries.ts'
import { ratioToSummary } from '../windowed.ts'

export const ratioToMedianKind = ratioToSummary('ratioToMedian', median)
