import { max } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const maxKind = summaryOfNumber('max', max)
