import type { Random } from '../../../core/random.ts'

const daySeconds = 86_400
const medianDays = 7
const spread = 0.9
const latestDays = 60
const maturityDays = 30

/** How many seconds pass until a fraud is reported: half of them within a week, a few after two months. */
export function drawReportDelay(random: Random): number {
  const days = Math.min(latestDays, medianDays * Math.exp(spread * random.normal()))
  return Math.ceil(days * daySeconds)
}

/** Nobody reports what is legitimate: it counts as such once no chargeback came for so many seconds. */
export const maturitySeconds = maturityDays * daySeconds
