import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Accounts } from '../access/accounts.ts'
import type { Role } from '../access/roles.ts'
import type { Logger } from '../core/logger.ts'
import type { Decisions } from '../deciding/decisions.ts'
import type { Deployer } from '../deciding/deployer.ts'
import type { LineupView } from '../deciding/lineup.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import type { HeldBytes } from './held-bytes.ts'
import type { Limits } from './limits.ts'
import type { Metrics } from './metrics.ts'
import type { OpenAnswers } from './open-answers.ts'
import type { Pair } from './pair.ts'
import type { RequestTraces } from './tracing/request-traces.ts'
import type { Turns } from './turns.ts'

/** What every route is built from. */
export interface HttpContext {
  /** What is in force: of `decisions`, where there are any. */
  readonly lineup: LineupView
  readonly metrics: Metrics
  readonly limits: Limits
  readonly log: Logger
  /** Shrike's own version, for the OpenAPI document. */
  readonly version: string
  /** Whether requests must carry a key. */
  readonly isGuarded: () => boolean
  /** Whether who sent a request could send it now as well, with the same key or session. */
  readonly mayStill: (role: Role, request: FastifyRequest, reply: FastifyReply) => boolean
  /** Where the detector's transactions can be decided one by one. */
  readonly decisions?: Decisions | undefined
  /** Users and their sessions, where there is a data directory. */
  readonly accounts?: Accounts | undefined
  /** Whether passwords are accepted without TLS from other machines, too. */
  readonly isInsecure: boolean
  /** Where several processes share a log. */
  readonly pair?: Pair | undefined
  /** Models that may be deployed, where they are kept. */
  readonly deployer?: Deployer | undefined
  /** Where requests are traced; it needs node's way of each request, so plain ones get no lane. */
  readonly traces?: RequestTraces | undefined
  /** Who is told of decisions, cases and labels. */
  readonly webhooks?: Webhooks | undefined
  /** Trainings, imports and searches of a policy, where there is a data directory. */
  readonly jobs?: Jobs | undefined
  /** Why no new work is wanted although it could be done, free disk for one; undefined while it is. */
  readonly whyNotReady: () => string | undefined
  /** The HTML report of the model's evaluation, where it was named. */
  readonly reportPath?: string | undefined
  /** Where it lies otherwise, if it does. */
  readonly reportsBeside?: readonly string[] | undefined
  /** Where the built console lies, if not where this package has it. */
  readonly consoleFolder?: string | undefined
  /** The bundle's file. */
  readonly bundlePath?: string | undefined
  /** The text of `/metrics`: of this process, or of all workers. */
  readonly renderMetrics: () => Promise<string>
  /** Connections on which an answer is being streamed while its request still arrives. */
  readonly streaming: WeakSet<Socket>
  /** What bodies under way hold in memory. */
  readonly held: HeldBytes
  /** Long answers that are being read. */
  readonly answers: OpenAnswers
  /** Turns of large bodies, which are worked on in slices. */
  readonly turns: Turns
  /** The OpenAPI document, of the model being served as of now. */
  readonly describe: () => object
  /** Has something done once the service has closed. */
  readonly whenClosed: (close: () => void) => void
  readonly isDraining: () => boolean
  readonly isOverloaded: () => boolean
}

export type App = FastifyInstance
