import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../../core/errors.ts'
import { hasEnded } from '../../jobs/job.ts'
import { endWithReader } from '../end-with-reader.ts'
import type { JobContext, Route } from '../route.ts'
import { jobIdParameter, overloaded, unknownJob } from '../schemas/job.ts'
import { answerOf } from '../schemas/parts.ts'

const lookEveryMs = 250
/** Each holds a connection for as long as a job takes, so they don't take the places of other answers. */
const mostFollowers = 32
/** Proxies cut connections that say nothing. */
const sayEveryMs = 10_000

/** The schema of one event; its data is JSON. */
const eventSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    event: { enum: ['begin', 'update', 'end', 'note', 'warning', 'job'] },
    data: { type: 'string' },
  },
}

/** `GET /v1/jobs/{id}/events`: what the job tells as it runs, as server-sent events; the last one is the job. */
export const jobEvents: Route<JobContext> = {
  method: 'GET',
  path: '/v1/jobs/{id}/events',
  role: 'viewer',
  summary: 'The progress of a job, as server-sent events',
  bounds: ['load'],
  operationId: 'jobEvents',
  tag: 'operation',
  details: 'Ends with the event `job` when the job has ended. `Last-Event-ID` continues after an event.',
  parameters: () => [jobIdParameter],
  answers: {
    ok: answerOf('The events.', 'text/event-stream', eventSchema),
    refusals: [unknownJob, overloaded],
  },
  handle: (context) => {
    let followers = 0
    return (request, reply) => {
      const { id } = request.params
      context.jobs.find(id)
      if (followers >= mostFollowers) throw new FraudError('OVERLOADED', 'Too many clients are following jobs')
      reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      if (request.method === 'HEAD') return reply.send('')
      endWithReader(reply.raw)
      const gone = new AbortController()
      followers += 1
      reply.raw.once('close', () => {
        followers -= 1
        gone.abort()
      })
      const place = Number(/^\d{1,12}$/.exec(String(request.headers['last-event-id']))?.[0] ?? 0)
      return reply.send(Readable.from(follow(context, id, place, gone.signal)))
    }
  },
}

async function* follow(
  { jobs, isDraining }: JobContext,
  id: string,
  from: number,
  gone: AbortSignal,
): AsyncGenerator<string> {
  let place = from
  for (let silentMs = sayEveryMs; !gone.aborted; silentMs += lookEveryMs) {
    // Looked at first, so that nothing that was told before the end is left out.
    const job = jobs.find(id)
    const told = jobs.events(id, place)
    for (const each of told) {
      const { kind, ...event } = each.event
      place = each.place
      yield `id: ${place}\nevent: ${kind}\ndata: ${JSON.stringify(event)}\n\n`
    }
    if (isDraining()) return
    if (told.length > 0) {
      silentMs = 0
      continue
    }
    if (hasEnded(job)) {
      yield `event: job\ndata: ${JSON.stringify(job)}\n\n`
      return
    }
    if (silentMs >= sayEveryMs) {
      silentMs = 0
      yield ': the job is running\n\n'
    }
    await sleep(lookEveryMs, undefined, { signal: gone }).catch(() => {})
  }
}
