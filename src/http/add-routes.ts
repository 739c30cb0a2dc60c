import assert from 'node:assert/strict'
import type { onSendHookHandler } from 'fastify'
import { auditRefusal, auditRequests } from './audit-requests.ts'
import { type Check, checkAll } from './check.ts'
import type { Refuse } from './guard.ts'
import type { App, HttpContext } from './http-context.ts'
import { refuseUnknownQuery } from './known-query.ts'
import { boundAnswers } from './open-answers.ts'
import { refuseOverload } from './refuse-overload.ts'
import type { Guarded, Route, RouteParams } from './route.ts'
import { accessRoutes, approvalRoutes, decidingRoutes, jobRoutes, modelRoutes, routes } from './route-list.ts'
import { routerPath } from './router-path.ts'
import { docs, registerDocs } from './routes/docs.ts'

/**
 * Has each route guarded as the list says when it is added, so that a request pays for no look-up. Nobody may call a route
 * that the list does not name: with one, of a plugin say, the service does not start.
 */
export function guardRoutes(app: App, context: HttpContext, refuse: Refuse): void {
  const listed = new Map<string, Guarded>()
  for (const route of [...routes, ...decidingRoutes, ...jobRoutes, ...modelRoutes, ...accessRoutes, ...approvalRoutes])
    listed.set(`${route.method} ${routerPath(route)}`, route)
  app.addHook('onRoute', (added) => {
    const method = added.method === 'HEAD' ? 'GET' : String(added.method)
    const isOfDocs = added.url === docs.path || added.url.startsWith(`${docs.path}/`)
    const route = isOfDocs ? docs : listed.get(`${method} ${added.url}`)
    assert(route !== undefined, `${method} ${added.url} is not in the list of routes`)
    added.onRequest = [checkAll(checksOf(route, context, refuse)), ...[added.onRequest ?? []].flat()]
    const noted = auditRequests(route, context)
    if (noted !== undefined) added.onSend = [noted, ...[added.onSend ?? []].flat()]
    if (route.isShown) added.onSend = [tellShown, ...[added.onSend ?? []].flat()]
  })
}

/** What is looked at of a request, in this order. */
function checksOf({ role, query, bounds = [] }: Guarded, context: HttpContext, refuse: Refuse): readonly Check[] {
  const known = { load: refuseOverload(context), answers: boundAnswers(context) }
  const ofQuery = refuseUnknownQuery(query)
  const { accounts } = context
  const ofKey: Check = (request, reply) => {
    const refusal = refuse(role, request, reply)
    if (refusal !== undefined && accounts !== undefined) auditRefusal(accounts.audit, request, refusal.code)
    return refusal
  }
  return [ofKey, ...(ofQuery ? [ofQuery] : []), ...bounds.map((bound) => known[bound])]
}

const tellShown: onSendHookHandler = (_request, reply, payload, done) => {
  reply.headers({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' })
  done(null, payload)
}

/** Adds all that the list has, decisions and what rests on them only where there are any. */
export async function addRoutes(app: App, context: HttpContext): Promise<void> {
  for (const route of routes) addRoute(app, context, route)
  const { accounts, decisions, deployer, jobs } = context
  if (accounts !== undefined) for (const route of accessRoutes) addRoute(app, { ...context, accounts }, route)
  if (decisions !== undefined) for (const route of decidingRoutes) addRoute(app, { ...context, decisions }, route)
  if (accounts !== undefined && decisions !== undefined)
    for (const route of approvalRoutes) addRoute(app, { ...context, accounts, decisions }, route)
  if (deployer !== undefined) for (const route of modelRoutes) addRoute(app, { ...context, deployer }, route)
  if (jobs !== undefined) for (const route of jobRoutes) addRoute(app, { ...context, jobs }, route)
  await app.register((scope) => registerDocs(scope, context))
}

function addRoute<Context extends HttpContext>(app: App, context: Context, route: Route<Context>): void {
  app.route<RouteParams>({ method: route.method, url: routerPath(route), handler: route.handle(context) })
}
