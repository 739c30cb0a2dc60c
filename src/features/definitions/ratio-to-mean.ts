import { mean } from '../summaries.ts'
import { ratioToSummary } from '../windowed.ts'

export const ratioToMeanKind = ratioToSummary('ratioToMean', mean)
