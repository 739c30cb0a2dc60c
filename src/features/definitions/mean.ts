import { mean } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const meanKind = summaryOfNumber('mean', mean)
