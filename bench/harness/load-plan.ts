import { z } from 'zod'
import { timesSchema } from './quantiles.ts'

const streamSchema = z.object({
  /** The path of the route. */
  route: z.string(),
  /** A file of request bodies, one a line, and the line to begin at. */
  bodies: z.string(),
  firstLine: z.number(),
  /** Requests that come each second, whatever the answers; without it, each connection sends as soon as it can. */
  perSecond: z.number().optional(),
  seconds: z.number(),
  connections: z.number(),
  /** How many requests may wait for a free connection; one that comes on top is not sent, and is counted. */
  mostWaiting: z.number().optional(),
  /** A file for the bodies of the answers that are successes, one a line. */
  answers: z.string().optional(),
})

/** What the load generator is to do: all streams at once, on one port. */
export const loadPlanSchema = z.object({
  port: z.number(),
  streams: z.array(streamSchema).min(1),
  /** After the load: single requests of the first stream, until one is answered 200 within so many milliseconds. */
  recoverWithinMs: z.number().optional(),
})
export type LoadPlan = z.infer<typeof loadPlanSchema>
export type LoadStream = z.infer<typeof streamSchema>

const streamResultSchema = z.object({
  sent: z.number(),
  perSecond: z.number(),
  /** The line after the last one that was used. */
  nextLine: z.number(),
  /** Came due while too many waited. */
  notSent: z.number(),
  /** Sent and never answered. */
  unanswered: z.number(),
  /** Connections that broke. */
  broken: z.number(),
  /** By status: from the time at which the request was to be sent, and from the time at which it was. */
  answers: z.record(z.string(), z.object({ fromDue: timesSchema, fromSent: timesSchema })),
  /** How late requests were sent. */
  lateness: timesSchema,
  /** The first answers whose status was unexpected. */
  oddities: z.array(z.string()),
})
export type StreamResult = z.infer<typeof streamResultSchema>

export const loadResultSchema = z.object({
  streams: z.array(streamResultSchema),
  /** The share of a core that the generator used. */
  busy: z.number(),
  /** From the end of the load to the first answer that was as fast as it should be; null where none was. */
  recoveredAfterMs: z.number().nullable(),
})
export type LoadResult = z.infer<typeof loadResultSchema>
