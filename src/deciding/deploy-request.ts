import { isDeepStrictEqual } from 'node:util'
import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import {
  type Deployment,
  type DeployRequest,
  deployRequestSchema,
  type ModelsInForce,
  modelRoles,
  roleIn,
} from './deployment.ts'
import type { DeploymentProjection } from './deployment-projection.ts'

/** What a request of a role records. */
export function changeOf(model: string, request: DeployRequest): Exclude<Deployment, { kind: 'rollback' }> {
  if (request.role !== 'canary') return { kind: request.role, model }
  const { share, by, guard } = request
  return { kind: 'canary', model, share, by, guard }
}

/** @throws FraudError INPUT_INVALID */
export function readDeployRequest(given: unknown): DeployRequest {
  const role = isRecord(given) ? given.role : undefined
  if (!modelRoles.some((each) => each === role)) {
    const errors = [{ field: 'role', reason: `is one of ${modelRoles.join(', ')}` }]
    throw new FraudError('INPUT_INVALID', 'This is not a role that a model can have', { errors })
  }
  const parsed = deployRequestSchema.safeParse(given)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.map(({ path, message }) => ({
    field: path.join('.') || '(body)',
    reason: message,
  }))
  throw new FraudError('INPUT_INVALID', 'This is not a role that a model can have', { errors })
}

/** @throws FraudError INPUT_INVALID where the model can't have the role now */
export function refuseRole(id: string, { role }: DeployRequest, { inForce }: DeploymentProjection): void {
  const now = roleIn(inForce, id)
  const reason =
    now === 'champion' && role !== 'champion'
      ? `${id} is the champion: deploy another one as champion first`
      : now === undefined && role === 'retired'
        ? `${id} has no role that it could retire from`
        : undefined
  if (reason === undefined) return
  throw new FraudError('INPUT_INVALID', `${id} can't be ${role}`, { errors: [{ field: 'role', reason }] })
}

/** What brings those back who were in force in a version, by default in the last one with others. @throws FraudError INPUT_INVALID */
export function rollbackTo(
  deployments: DeploymentProjection,
  to: number | undefined,
): {
  readonly champion: string
  readonly then: ModelsInForce
  readonly change: Extract<Deployment, { kind: 'rollback' }>
} {
  const { steps, inForce } = deployments
  const wanted = to ?? steps.findLast(({ led }) => !isDeepStrictEqual(led, inForce))?.sequence
  const then = wanted === undefined ? undefined : deployments.at(wanted)
  if (wanted !== undefined && then?.champion !== undefined) {
    return { champion: then.champion, then, change: { kind: 'rollback', to: wanted } }
  }
  const versions = steps.map(({ sequence }) => sequence)
  const reason =
    versions.length < 2 ? 'there is no version before this one' : `it must be one of ${versions.join(', ')}`
  throw new FraudError('INPUT_INVALID', 'There is no such version of models', { errors: [{ field: 'to', reason }] })
}
