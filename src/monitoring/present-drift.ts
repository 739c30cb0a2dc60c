import { formatIsoTime } from '../core/time-parser.ts'
import type { Against, NotCompared } from './drift.ts'
import type { HourlyCounts } from './hourly-counts.ts'
import type { MonitorReport } from './monitor.ts'
import { compareRates } from './rates.ts'

const why: Readonly<Record<NotCompared, string>> = {
  'no-decisions': 'No whole hour of decisions is there yet',
  'bundle-without-histograms':
    'The bundle holds no histograms of its training rows: it is older than they are, was trained elsewhere, or there is no model. Train it again to compare',
  'no-whole-day': 'No whole day (UTC) of decisions is there yet',
  'past-too-short': 'The decisions do not reach back eight days, so there is no same day to compare with',
}

export function presentDrift(report: MonitorReport, hours: HourlyCounts) {
  const { throughMs, notCompared, ...rest } = report
  const told = (['training', 'past'] satisfies Against[]).flatMap((against) => {
    const reason = notCompared[against]
    return reason === undefined ? [] : [[against, why[reason]] as const]
  })
  return {
    through: throughMs === undefined ? null : formatIsoTime(throughMs),
    ...rest,
    notCompared: Object.fromEntries(told),
    rates: compareRates(hours),
  }
}
