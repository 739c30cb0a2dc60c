import type { Role } from '../../access/roles.ts'
import { FraudError } from '../../core/errors.ts'
import { type EventType, eventTypes } from '../../events/event.ts'
import { endWithReader } from '../end-with-reader.ts'
import { EventReaders } from '../event-readers.ts'
import { principalOf } from '../guard.ts'
import type { DecidingContext, Route, RouteRequest } from '../route.ts'
import { overloaded } from '../schemas/job.ts'
import { answerOf } from '../schemas/parts.ts'

/** Who may see events of a type: those who may ask for what it is of. */
const seenBy: Readonly<Record<EventType, Role>> = {
  decision: 'viewer',
  label: 'viewer',
  case: 'viewer',
  alert: 'viewer',
  job: 'viewer',
  policy: 'viewer',
  deployment: 'viewer',
}

/** The schema of one event; its data is JSON. */
const eventSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    event: { enum: ['ready', 'events', 'reset'] },
    data: { type: 'string', description: 'JSON; of `events`, the schema EventMessage.' },
  },
}

const badTypes = new FraudError('INPUT_INVALID', 'The query is not valid for this route', {
  errors: [{ field: 'types', reason: `may name ${eventTypes.join(', ')}, separated by commas` }],
})

/** `GET /v1/events`: what happens, as server-sent events, for as long as the reader stays. */
export const events: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/events',
  role: 'viewer',
  summary: 'What happens, as server-sent events',
  query: ['types'],
  bounds: ['load'],
  operationId: 'events',
  tag: 'operation',
  details: `Begins with the event \`ready\`; then \`events\`, four a second at most, each with an array of what happened and counts of what was left out; \`reset\` where events were missed. \`Last-Event-ID\` continues after an event.`,
  parameters: () => [
    {
      name: 'types',
      in: 'query',
      description: 'Those that are wanted, separated by commas; all by default.',
      schema: { type: 'array', items: { enum: eventTypes } },
      style: 'form',
      explode: false,
    },
    {
      name: 'last-event-id',
      in: 'header',
      description: 'The id of the last event that is known.',
      schema: { type: 'string' },
    },
  ],
  answers: { ok: answerOf('The events.', 'text/event-stream', eventSchema), refusals: [badTypes, overloaded] },
  handle: (context) => {
    const { decisions, isDraining, limits, metrics, mayStill } = context
    const readers = new EventReaders({ hub: decisions.events, isDraining, nowMs: () => performance.now() })
    metrics.watchEvents(readers)
    return (request, reply) => {
      const types = typesOf(request)
      if (readers.open >= limits.eventReaders) throw new FraudError('OVERLOADED', 'Too many clients are reading events')
      const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
      if (request.method === 'HEAD') return reply.headers(headers).send('')
      reply.hijack()
      reply.raw.writeHead(200, headers)
      endWithReader(reply.raw)
      const given = request.headers['last-event-id']
      const place = typeof given === 'string' && given !== '' ? given : undefined
      return void readers.add(reply.raw, { types, place, mayStill: () => mayStill('viewer', request, reply) })
    }
  },
}

/** @throws FraudError INPUT_INVALID, or FORBIDDEN of a type that the role may not see. */
function typesOf(request: RouteRequest): ReadonlySet<EventType> {
  const given = request.query
  const text = typeof given === 'object' && given !== null && 'types' in given ? given.types : undefined
  const { roles } = principalOf(request)
  if (text === undefined) return new Set(eventTypes.filter((type) => roles.has(seenBy[type])))
  if (typeof text !== 'string') throw badTypes
  const names = text.split(',')
  const types = eventTypes.filter((type) => names.includes(type))
  if (types.length === 0 || types.length < new Set(names).size) throw badTypes
  const hidden = types.find((type) => !roles.has(seenBy[type]))
  if (hidden !== undefined) throw new FraudError('FORBIDDEN', `This key may not see events of the type ${hidden}`)
  return new Set(types)
}
