import { type FieldError, FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'
import { formatIsoTime } from '../../core/time-parser.ts'
import { hourMs } from '../../monitoring/hourly-counts.ts'
import { presentDrift } from '../../monitoring/present-drift.ts'
import { compareRates } from '../../monitoring/rates.ts'
import type { DecidingContext, Route } from '../route.ts'
import { driftAnswer, ruleRatesAnswer } from '../schemas/monitoring.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { unavailable, usual } from '../schemas/refused.ts'

const sides = ['training', 'past']

/** `GET /v1/monitoring/drift`: how the last day differs from training, and from the weeks before. */
export const drift: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/monitoring/drift',
  role: 'viewer',
  summary: 'How features, scores and outcomes have moved',
  query: ['against', 'feature'],
  bounds: ['load', 'answers'],
  operationId: 'drift',
  tag: 'monitoring',
  details:
    'The last 24 whole hours against the same hours of the weeks before; the last whole day (UTC) against the training rows of its weekday.',
  parameters: () => [
    { name: 'against', in: 'query', schema: { type: 'string', enum: sides } },
    { name: 'feature', in: 'query', description: 'One of them alone.', schema: { type: 'string' } },
  ],
  answers: { ok: jsonAnswer('What moved, and what did not.', driftAnswer), refusals: [...usual, unavailable] },
  handle:
    ({ decisions }) =>
    async ({ query }, reply) => {
      const { against, feature } = readQuery(query)
      const report = await decisions.monitor.drift()
      const errors: FieldError[] = []
      if (feature !== undefined && !report.features.some((each) => each.feature === feature))
        errors.push({ field: 'feature', reason: 'is not a feature that is compared' })
      if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
      const features = report.features.filter(
        (each) =>
          (against === undefined || each.against === against) && (feature === undefined || each.feature === feature),
      )
      const body = presentDrift({ ...report, features }, decisions.hours.hours)
      return reply.header('cache-control', 'no-store').send(body)
    },
}

function readQuery(query: unknown): { against?: string; feature?: string } {
  const { against, feature } = isRecord(query) ? query : {}
  if (against !== undefined && !sides.includes(String(against))) {
    const errors = [{ field: 'against', reason: `is not one of ${sides.join(', ')}` }]
    throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
  }
  return {
    ...(against !== undefined && { against: String(against) }),
    ...(feature !== undefined && { feature: String(feature) }),
  }
}

/** `GET /v1/monitoring/rules`: what share of decisions each rule had a say in. */
export const ruleRates: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/monitoring/rules',
  role: 'viewer',
  summary: 'How often each rule fires, against the weeks before',
  bounds: ['load', 'answers'],
  operationId: 'ruleRates',
  tag: 'monitoring',
  answers: {
    ok: jsonAnswer('The last day, and the same hours of the weeks before.', ruleRatesAnswer),
    refusals: [...usual, unavailable],
  },
  handle:
    ({ decisions }) =>
    (_request, reply) => {
      const { hours } = decisions.hours
      const { rates, ...compared } = compareRates(hours)
      const through = Number.isFinite(hours.newest) ? formatIsoTime(hours.newest * hourMs) : null
      const rules = rates.flatMap(({ name, ...rate }) => {
        return name.startsWith('rule:') ? [{ name: name.slice('rule:'.length), ...rate }] : []
      })
      return reply.header('cache-control', 'no-store').send({ through, ...compared, rates: rules })
    },
}
