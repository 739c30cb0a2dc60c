import { median } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const medianKind = summaryOfNumber('median', median)
