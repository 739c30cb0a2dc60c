import type { FastifyReply } from 'fastify'
import type { NewProposal } from '../access/four-eyes.ts'
import type { Proposal } from '../access/proposal.ts'
import { FraudError } from '../core/errors.ts'
import type { JsonObject } from '../core/json-value.ts'
import { recordable } from '../deciding/append-change.ts'
import type { Decisions } from '../deciding/decisions.ts'
import type { Deployer } from '../deciding/deployer.ts'
import { versionOf } from '../deciding/models.ts'
import { principalOf } from './guard.ts'
import type { HttpContext } from './http-context.ts'
import type { ApprovalContext, ModelContext, PolicyContext, RouteRequest } from './route.ts'

/** Why a change is made, and of what. */
interface Reasoned {
  readonly why: string
  readonly ifVersion: number | undefined
}

/** Whether changes of what decides wait for somebody else. */
export function mustBeApproved({ accounts }: Pick<HttpContext, 'accounts'>): boolean {
  return accounts?.fourEyes.isOn === true
}

/** Looks at a change of the policy as if it were made, and has it wait. @throws FraudError as `Decisions.change` */
export async function proposeChange(
  context: Pick<PolicyContext, 'accounts' | 'decisions'>,
  asked: unknown,
  { why, ifVersion }: Reasoned,
  request: RouteRequest,
  reply: FastifyReply,
): Promise<object> {
  const { name: by } = principalOf(request)
  const { content, diff, warnings, version } = await context.decisions.draft(asked, { by, why, ifVersion })
  const told = { version: context.decisions.policy.version, diff, warnings }
  return { ...propose(context, { kind: 'policy', content, why, base: version ?? null }, request, reply), ...told }
}

/** As `proposeChange`, of who decides. */
export async function proposeDeployment(
  context: Pick<ModelContext, 'accounts' | 'deployer'>,
  { model, request: role }: { readonly model: string; readonly request: JsonObject },
  { why, ifVersion }: Reasoned,
  request: RouteRequest,
  reply: FastifyReply,
): Promise<object> {
  const { deployer } = context
  deployer.models.refuseOldVersion(ifVersion)
  const { problems, warnings } = await deployer.rehearse(model, role)
  const [problem] = problems
  if (problem !== undefined) throw new FraudError('INPUT_INVALID', `It would be refused: ${problem.detail}`)
  const { version } = versionOf(deployer.models.deployments)
  const content = { model, request: role }
  return { ...propose(context, { kind: 'deployment', content, why, base: version }, request, reply), version, warnings }
}

/** As `proposeDeployment`, of models that are to be in force again. */
export function proposeModelsRollback(
  context: Pick<ModelContext, 'accounts' | 'deployer'>,
  to: number | undefined,
  { why, ifVersion }: Reasoned,
  request: RouteRequest,
  reply: FastifyReply,
): object {
  const { models } = context.deployer
  models.refuseOldVersion(ifVersion)
  const { version } = versionOf(models.deployments)
  const content = to === undefined ? {} : { to }
  const pending = propose(context, { kind: 'models-rollback', content, why, base: version }, request, reply)
  return { ...pending, version, warnings: [] }
}

/** As `proposeChange`, of what alerts are asked for. */
export function proposeAlerts(
  context: HttpContext & { readonly decisions: Decisions },
  { given, others, why }: { readonly given: unknown; readonly others: object; readonly why: string },
  request: RouteRequest,
  reply: FastifyReply,
): object {
  const { alerts, version, diff } = context.decisions.alerts.draft(given, others)
  const content = { alerts: alerts.map((each) => ({ ...each })) }
  const pending = propose(context, { kind: 'alerts', content, why, base: version }, request, reply)
  return { ...pending, version, diff, warnings: [] }
}

/** As `proposeChange`, of many entries of a list at once, each group of which is a change as the log will have it. */
export function proposeEntries(
  context: Pick<HttpContext, 'accounts'>,
  { list, groups, why }: { readonly list: string; readonly groups: readonly JsonObject[]; readonly why: string },
  request: RouteRequest,
  reply: FastifyReply,
): object {
  const content = { list, changes: [...groups] }
  return propose(context, { kind: 'entries', content, why, base: null }, request, reply)
}

export function propose(
  { accounts }: Pick<HttpContext, 'accounts'>,
  proposal: NewProposal,
  request: RouteRequest,
  reply: FastifyReply,
) {
  if (accounts === undefined) throw new FraudError('APPROVAL_REQUIRED', 'Nobody could approve this: there are no users')
  const principal = principalOf(request)
  const { kind, content, why, base } = proposal
  // What could not be recorded later is refused now, a card number in the reason, say.
  recordable({ kind: 'policy', by: principal.name, why, atMs: 0, change: content })
  const { id, hash } = accounts.fourEyes.propose({ kind, content, why, base }, principal)
  request.auditDetail = { change: id, why }
  reply.code(202)
  return { state: 'pending', change: id, hash } as const
}

/** Puts a change in force that was approved. */
export async function applyProposal(
  { decisions, deployer, accounts }: ApprovalContext,
  { kind, content, by, why, base }: Proposal,
  approvedBy: string,
): Promise<object> {
  const context = { by, approvedBy, why, ifVersion: base ?? undefined }
  switch (kind) {
    case 'policy':
      return await decisions.change(content, context)
    case 'entries':
      return await applyGroups(decisions, content.changes, context)
    case 'alerts':
      return { version: await decisions.alerts.define(content.alerts, {}, context), warnings: [] }
    case 'deployment':
      return await deployerOf(deployer).deploy(String(content.model), content.request, context)
    case 'models-rollback':
      return await deployerOf(deployer).rollback(typeof content.to === 'number' ? content.to : undefined, context)
    case 'four-eyes':
      accounts.fourEyes.switchOff()
      return { warnings: [] }
  }
}

/** One after the other, as they would have come: what stops halfway is approved again, and adds the same. */
async function applyGroups(
  decisions: Decisions,
  changes: unknown,
  context: Parameters<Decisions['change']>[1],
): Promise<object> {
  let answer: object = { warnings: [] }
  for (const change of Array.isArray(changes) ? changes : []) answer = await decisions.change(change, context)
  return answer
}

function deployerOf(deployer: Deployer | undefined): Deployer {
  if (deployer !== undefined) return deployer
  throw new FraudError('MODEL_MISSING', 'This service keeps no models')
}
