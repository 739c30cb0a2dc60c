import assert from 'node:assert/strict'
import type { Role } from '../../access/roles.ts'
import { isOwn } from '../forward.ts'
import type { HttpContext } from '../http-context.ts'
import type { PlainHandler, ReadingHandler } from '../plain-handler.ts'
import type { Route } from '../route.ts'
import { decidingRoutes, routes } from '../route-list.ts'
import { written } from '../shed-load.ts'

/** A route as the lane takes it. */
export interface LaneRoute {
  readonly path: string
  readonly role: Role
  /** Whether another process answers it at the moment. */
  readonly isElsewhere: () => boolean
  /** Whether there is no room for what it would write. */
  readonly isFull: () => boolean
  /** How many of its requests at a time fill it by themselves. */
  readonly mostAtOnce: number
  readonly answer: PlainHandler
  /** Undefined where only this thread reads its bodies. */
  readonly answerReading: ReadingHandler | undefined
}

/** Those that answer plain requests. */
export function laneRoutes(context: HttpContext): readonly LaneRoute[] {
  const { decisions } = context
  const deciding =
    decisions === undefined ? [] : decidingRoutes.map((route) => laneRoute(route, { ...context, decisions }))
  return [...routes.map((route) => laneRoute(route, context)), ...deciding].filter((route) => route !== undefined)
}

function laneRoute<Context extends HttpContext>(route: Route<Context>, context: Context): LaneRoute | undefined {
  const { path, role, plain, plainReading } = route
  if (plain === undefined) return undefined
  assert(role !== 'any key' && role !== 'anyone', 'a plain route names its role')
  const { pair, decisions } = context
  const writer = decisions !== undefined && written.has(path) ? decisions.decider : undefined
  return {
    path,
    role,
    isElsewhere: pair !== undefined && decisions !== undefined && !isOwn(path) ? () => !decisions.isReady : never,
    isFull: writer === undefined ? never : () => writer.isFull(),
    mostAtOnce: writer?.maxPending ?? Number.POSITIVE_INFINITY,
    answer: plain(context),
    answerReading: plainReading?.(context),
  }
}

function never(): boolean {
  return false
}
