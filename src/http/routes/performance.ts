import { isRecord } from '../../core/json-value.ts'
import { formatIsoTime } from '../../core/time-parser.ts'
import { type NotKnown, performanceOf } from '../../monitoring/performance.ts'
import type { DecidingContext, Route } from '../route.ts'
import { performanceAnswer } from '../schemas/monitoring.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { unavailable, usual } from '../schemas/refused.ts'

const why: Readonly<Record<NotKnown, string>> = {
  'no-labels': 'No label says fraud or legitimate of any of these decisions yet',
  'no-scores': 'None of these decisions has a score',
  'only-frauds-labelled': 'Labels say only which of these are fraud, so their share is not known',
  'no-one-currency':
    'Amounts are of several currencies without a conversion, or there are none, so nothing is added up',
}

/** `GET /v1/monitoring/performance`: what decisions were worth, week by week, beside what the evaluation promised. */
export const performance: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/monitoring/performance',
  role: 'viewer',
  summary: 'What decisions were worth, by week and model',
  bounds: ['load', 'answers'],
  operationId: 'performance',
  tag: 'monitoring',
  details: 'Weeks begin on Monday, UTC. What is not mature has labels to come, and says so.',
  answers: { ok: jsonAnswer('The newest week first.', performanceAnswer), refusals: [...usual, unavailable] },
  handle:
    ({ decisions }) =>
    (_request, reply) => {
      const { predictor } = decisions.inForce
      const weeks = performanceOf(decisions.performance).map(({ week, maturesAtMs, notKnown, ...figures }) => ({
        week: formatIsoTime(week),
        maturesAt: formatIsoTime(maturesAtMs),
        ...figures,
        promised: predictor?.modelId === figures.model ? promisedBy(predictor?.metrics) : null,
        notKnown: Object.fromEntries(Object.entries(notKnown).map(([name, reason]) => [name, why[reason]])),
      }))
      return reply.header('cache-control', 'no-store').send({ weeks })
    },
}

/** What the bundle says of the rows that its model was not trained on; null of what it does not say. */
function promisedBy(metrics: Readonly<Record<string, unknown>> = {}) {
  const { confusion, averagePrecision, calibrationRatio, intervals } = metrics
  const { tp, fp, fn } = isRecord(confusion) ? confusion : {}
  const share = (part: unknown, rest: unknown) => {
    const all = Number(part) + Number(rest)
    return all > 0 ? { value: Number(part) / all } : null
  }
  const figure = (value: unknown, name: string) => {
    if (typeof value !== 'number') return null
    const interval = isRecord(intervals) && isRecord(intervals[name]) ? intervals[name] : {}
    return { value, ...interval }
  }
  return {
    precision: share(tp, fp),
    recall: share(tp, fn),
    averagePrecision: figure(averagePrecision, 'averagePrecision'),
    calibration: figure(calibrationRatio, 'calibrationRatio'),
  }
}
