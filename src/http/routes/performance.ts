import { formatIsoTime } from '../../core/time-parser.ts'
import { thresholdsAlone } from '../../decisioning/definitions.ts'
import { type NotKnown, performanceOf } from '../../monitoring/performance.ts'
import { promisedFigures } from '../../monitoring/promised-figures.ts'
import type { DecidingContext, Route } from '../route.ts'
import { performanceAnswer } from '../schemas/monitoring.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { unavailable, usual } from '../schemas/refused.ts'

const why: Readonly<Record<NotKnown, string>> = {
  'no-labels': 'No label says fraud or legitimate of any of these decisions yet',
  'no-scores': 'None of these decisions has a score',
  'only-frauds-labelled': 'Labels say only which of these are fraud, so their share is not known',
  'no-one-currency':
    'There are no amounts, or they are of several currencies without a conversion, so they are not added up',
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
      const promised = promisedFigures(predictor?.metrics ?? {}, thresholdsAlone(decisions.policy.definitions))
      const weeks = performanceOf(decisions.performance).map(({ week, maturesAtMs, notKnown, ...figures }) => ({
        week: formatIsoTime(week),
        maturesAt: formatIsoTime(maturesAtMs),
        ...figures,
        promised: predictor?.modelId === figures.model ? promised : null,
        notKnown: Object.fromEntries(Object.entries(notKnown).map(([name, reason]) => [name, why[reason]])),
      }))
      return reply.header('cache-control', 'no-store').send({ weeks })
    },
}
