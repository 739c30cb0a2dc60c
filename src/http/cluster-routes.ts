import { type Check, checkAll } from './check.ts'
import type { Refuse } from './guard.ts'
import type { App } from './http-context.ts'
import { refuseUnknownQuery } from './known-query.ts'
import type { ModelContext, PolicyContext, Route, RouteParams } from './route.ts'
import { modelRoutes } from './route-list.ts'
import { routerPath } from './router-path.ts'
import { changeEntries } from './routes/change-entries.ts'
import { changePolicy } from './routes/change-policy.ts'
import { checkChange } from './routes/check-change.ts'
import { checkRule } from './routes/check-rule.ts'
import { listEntries } from './routes/list-entries.ts'
import { listList } from './routes/lists.ts'
import { policyVersions } from './routes/policy-versions.ts'
import { putList } from './routes/put-list.ts'
import { putPolicy } from './routes/put-policy.ts'
import { putRule } from './routes/put-rule.ts'
import { removeList } from './routes/remove-list.ts'
import { removeRule } from './routes/remove-rule.ts'
import { rollbackPolicy } from './routes/rollback-policy.ts'
import { switchRule } from './routes/rule-state.ts'
import { rule, ruleList } from './routes/rules.ts'
import { snoozeRule } from './routes/snooze-rule.ts'
import { sendPolicy } from './send-policy.ts'

/** Those of one process that count no decisions. */
const shared: readonly Route<PolicyContext>[] = [
  ...[putRule, ruleList, rule, switchRule, removeRule, snoozeRule, checkRule],
  ...[putPolicy, policyVersions, rollbackPolicy, changePolicy, checkChange],
  ...[listList, putList, removeList, listEntries, changeEntries],
]

/** Adds what a replica answers about the policy and models, by the same roles as one process. */
export function addClusterRoutes(app: App, context: PolicyContext & ModelContext, refuse: Refuse): void {
  for (const route of [...shared, ...modelRoutes]) {
    const url = routerPath(route)
    const onRequest = guardOf(route, refuse)
    app.route<RouteParams>({ method: route.method, url, onRequest, handler: route.handle(context) })
  }
  app.get('/v1/policy', { onRequest: guardOf({ role: 'viewer' }, refuse) }, (_request, reply) => {
    const { version, definitions } = context.decisions.policy
    const { policy, rules, lists } = definitions
    const named = { rules: [...rules.values()], lists: [...lists.values()] }
    return sendPolicy(reply, { version, policy, ...named, tripped: [], features: [] })
  })
}

function guardOf({ role, query }: Pick<Route, 'role' | 'query'>, refuse: Refuse) {
  const ofKey: Check = (request, reply) => refuse(role, request, reply)
  const ofQuery = refuseUnknownQuery(query)
  return checkAll([ofKey, ...(ofQuery ? [ofQuery] : [])])
}
