import { min } from '../summaries.ts'
import { summaryOfNumber } from '../windowed.ts'

export const minKind = summaryOfNumber('min', min)
