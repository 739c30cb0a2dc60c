import type { PolicyDesk } from '../../deciding/policy-desk.ts'
import { type Definitions, type HistoryStep, tellDifferences } from '../../decisioning/index.ts'
import { type PageQuery, pageNames, pageQueryParameters, readPage } from '../page-query.ts'
import type { PolicyContext, Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { versionsAnswer } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { sendPolicy } from '../send-policy.ts'

/** `GET /v1/policy/versions`: who changed what, when and why. */
export const policyVersions: Route<PolicyContext> = {
  method: 'GET',
  path: '/v1/policy/versions',
  role: 'viewer',
  summary: 'The versions of the policy, newest first',
  query: pageNames,
  bounds: ['load', 'answers'],
  operationId: 'policyVersions',
  tag: 'policy',
  parameters: () => pageQueryParameters,
  answers: { ok: jsonAnswer('A page.', versionsAnswer), refusals: [...usual, unavailable] },
  handle:
    ({ decisions }) =>
    ({ query }, reply) =>
      sendPolicy(reply, tellVersions(decisions.policy, readPage(query))),
}

function tellVersions(policy: PolicyDesk['policy'], { limit, cursor = Number.POSITIVE_INFINITY }: PageQuery) {
  const { version, oldestVersion: oldest, steps } = policy
  const end = steps.findLastIndex((step) => step.version < cursor) + 1
  const from = Math.max(0, end - limit)
  let before = policy.at(steps[from - 1]?.version ?? oldest)
  const versions = steps.slice(from, end).map((step) => {
    const after = policy.at(step.version)
    const diff = [...happened(step), ...differences(before, after)]
    before = after
    return { version: step.version, at: new Date(step.atMs).toISOString(), by: step.by, why: step.why ?? '', diff }
  })
  const next = from === 0 ? null : steps[from].version
  return { version, oldest, versions: versions.reverse(), cursor: next }
}

function differences(before: Definitions | undefined, after: Definitions | undefined): readonly string[] {
  return before === undefined || after === undefined ? [] : tellDifferences(before, after)
}

/** What a step did beside changing definitions. */
function happened({ changes, tripped = [] }: HistoryStep): readonly string[] {
  const done = changes.flatMap((change) => {
    if (change.kind === 'rollback') return [`rolled back to version ${change.to}`]
    return change.kind === 'fuse-reset' ? [`fuse ${change.fuse}: reset`] : []
  })
  return [...tripped.map((fuse) => `fuse ${fuse}: tripped`), ...done]
}
