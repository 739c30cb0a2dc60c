import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasEnded } from '../../jobs/job.ts'
import type { JobContext, Route } from '../route.ts'
import { jobIdParameter, overloaded, unknownJob } from '../schemas/job.ts'
import { answerOf } from '../schemas/parts.ts'

const lookEveryMs = 250
/** Proxies cut connections that say nothing, and a client that has gone away is only noticed by writing to it. */
const sayEveryMs = 10_000

/** `GET /v1/jobs/{id}/events`: what the job tells as it runs, as server-sent events; the last one is the job. */
export const jobEvents: Route<JobContext> = {
  method: 'GET',
  path: '/v1/jobs/{id}/events',
  role: 'viewer',
  summary: 'The progress of a job, as server-sent events',
  bounds: ['load', 'answers'],
  operationId: 'jobEvents',
  tag: 'operation',
  details: 'Ends with the event `job`, once the job has ended. `Last-Event-ID` goes on behind an event.',
  parameters: () => [jobIdParameter],
  answers: {
    ok: answerOf('The events.', 'text/event-stream', { type: 'string' }),
    refusals: [unknownJob, overloaded],
  },
  handle: (context) => (request, reply) => {
    const { id } = request.params
    context.jobs.find(id)
    const seen = /^\d{1,9}$/.exec(String(request.headers['last-event-id']))?.[0] ?? 0
    return reply
      .headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      .send(Readable.from(follow(context, id, Number(seen))))
  },
}

async function* follow({ jobs, isDraining }: JobContext, id: string, from: number): AsyncGenerator<string> {
  let seen = from
  for (let silentMs = sayEveryMs; ; silentMs += lookEveryMs) {
    // Looked at first, so that nothing that was told before the end is left out.
    const job = jobs.find(id)
    const events = jobs.events(id, seen)
    for (const { kind, ...event } of events) {
      seen += 1
      yield `id: ${seen}\nevent: ${kind}\ndata: ${JSON.stringify(event)}\n\n`
    }
    if (hasEnded(job)) {
      yield `event: job\ndata: ${JSON.stringify(job)}\n\n`
      return
    }
    if (isDraining()) return
    if (events.length > 0) silentMs = 0
    if (silentMs >= sayEveryMs) {
      silentMs = 0
      yield ': the job goes on\n\n'
    }
    await sleep(lookEveryMs)
  }
}
