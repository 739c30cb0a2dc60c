import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Accounts } from '../access/accounts.ts'
import type { Role } from '../access/roles.ts'
import type { FraudError } from '../core/errors.ts'
import type { Decisions } from '../deciding/decisions.ts'
import type { ModelDesk } from '../deciding/model-desk.ts'
import type { PolicyDesk } from '../deciding/policy-desk.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { HttpContext } from './http-context.ts'
import type { PlainHandler, ReadingHandler } from './plain-handler.ts'

/** Who may call a route: keys with a role, any key, or anyone, where not even a key is asked for. */
export type Access = Role | 'any key' | 'anyone'

/** What is looked at before a route is asked. */
export interface Guarded {
  readonly role: Access
  /**
   * Parameters that its URL may have, none by default; `checked` where the route itself looks at all of them, `ignored`
   * where probes may add some.
   */
  readonly query?: readonly string[] | 'checked' | 'ignored'
  /**
   * `load` refuses while the loop can't keep up; `answers` gives it one of the places for answers that are being read.
   */
  readonly bounds?: readonly ('load' | 'answers')[]
  /**
   * What is noted of who asks, beside changes, which always are: each answer, attempts that failed, too, or answers in which persons are
   * in clear.
   */
  readonly audited?: 'always' | 'attempts' | 'persons'
  /** Whether browsers show its answers: then they are told to make nothing else of them. */
  readonly isShown?: true
}

/** What the OpenAPI document says of an answer. */
interface Answers {
  readonly ok: object
  /** The status of it; 200 by default. */
  readonly okStatus?: number
  /** Where it may take longer than an answer waits. */
  readonly accepted?: object
  /** The refusals beyond those of every route: keys and roles. */
  readonly refusals: readonly FraudError[]
}

interface Described<Context> {
  readonly operationId: string
  readonly tag:
    | 'decisions'
    | 'labels'
    | 'cases'
    | 'policy'
    | 'models'
    | 'predictions'
    | 'monitoring'
    | 'access'
    | 'operation'
  readonly details?: string
  readonly parameters?: (context: Context) => readonly object[]
  readonly body?: (context: Context) => object
  readonly answers: Answers
}

/** A page, which is for people: the document leaves it out. */
interface Page {
  readonly answers: 'page'
}

/** What routes of the policy are built from, in one process and in a cluster. */
export interface PolicyContext extends Pick<HttpContext, 'limits' | 'held' | 'turns' | 'accounts'> {
  readonly decisions: PolicyDesk
}

/** One route: who may call it, what it says of itself, and what it does. */
export type Route<Context extends object = HttpContext> = Guarded & {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The path with parameters in braces, as in OpenAPI. */
  readonly path: string
  readonly summary: string
  /** Called once for each service: what requests share is made before they come. */
  readonly handle: (context: Context) => Handler
  /** How it answers requests that are known by their body alone, of which the most come; such come in by the lane, too. */
  readonly plain?: (context: Context) => PlainHandler
  /** And such whose bodies another thread may have read. */
  readonly plainReading?: (context: Context) => ReadingHandler
} & (Described<Context> | Page)

export type Handler = (request: RouteRequest, reply: FastifyReply) => unknown
export type RouteRequest = FastifyRequest<RouteParams>
export interface RouteParams {
  Params: Readonly<Record<string, string>>
}

/** What routes are built from where the detector's transactions can be decided one by one. */
export interface DecidingContext extends HttpContext {
  readonly decisions: Decisions
}

/** What routes are built from where jobs can be run. */
export interface JobContext extends HttpContext {
  readonly jobs: Jobs
}

/** What routes are built from where people can log in. */
export interface AccessContext extends HttpContext {
  readonly accounts: Accounts
}

/** What routes are built from where people let changes through. */
export interface ApprovalContext extends AccessContext {
  readonly decisions: Decisions
}

/** What routes are built from where models are kept, in one process and in a cluster. */
export interface ModelContext extends Pick<HttpContext, 'limits' | 'held' | 'accounts'> {
  readonly deployer: ModelDesk
}
