import { max } from '../summaries.ts'
import { ratioToSummary } from '../windowed.ts'

export const ratioToMaxKind = ratioToSummary('ratioToMax', max)
