import { isRecord } from '../../core/json-value.ts'
import { modelRoles } from '../../deciding/deployment.ts'
import type { ModelDesk } from '../../deciding/model-desk.ts'
import { tellDeed, versionOf } from '../../deciding/models.ts'
import { readChoice } from '../model-query.ts'
import { type PageQuery, pageNames, pageQueryParameters, readPage } from '../page-query.ts'
import type { ModelContext, Route } from '../route.ts'
import { modelSchema, modelsAnswer, modelVersionsAnswer, unknownModel } from '../schemas/model.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { pathParameter } from '../schemas/policy.ts'
import { usual } from '../schemas/refused.ts'
import { sendPolicy } from '../send-policy.ts'

const roleParameter = {
  name: 'role',
  in: 'query',
  description: 'Only models with this role.',
  schema: { enum: modelRoles },
}

/** `GET /v1/models`: the models that were added, and what each is. */
export const modelList: Route<ModelContext> = {
  method: 'GET',
  path: '/v1/models',
  role: 'viewer',
  summary: 'The models, in the order in which they were added',
  query: [...pageNames, 'role'],
  bounds: ['load', 'answers'],
  operationId: 'models',
  tag: 'models',
  parameters: () => [...pageQueryParameters, roleParameter],
  answers: { ok: jsonAnswer('A page.', modelsAnswer), refusals: usual },
  handle:
    ({ deployer }) =>
    ({ query }, reply) => {
      const { limit, cursor = 0 } = readPage(query)
      const role = readChoice('role', isRecord(query) ? query.role : undefined, modelRoles)
      const all = deployer.list().filter((model) => role === undefined || model.role === role)
      const models = all.slice(cursor, cursor + limit)
      const next = cursor + limit < all.length ? cursor + limit : null
      const { version } = versionOf(deployer.models.deployments)
      return sendPolicy(reply, { version, serving: deployer.servedId ?? null, models, cursor: next })
    },
}

/** `GET /v1/models/{id}`: one, with how far its deployment has come. */
export const model: Route<ModelContext> = {
  method: 'GET',
  path: '/v1/models/{id}',
  role: 'viewer',
  summary: 'One model, and how far its deployment is',
  bounds: ['load'],
  operationId: 'model',
  tag: 'models',
  parameters: () => [pathParameter('id')],
  answers: { ok: jsonAnswer('The model.', modelSchema), refusals: [...usual, unknownModel] },
  handle:
    ({ deployer }) =>
    ({ params }, reply) =>
      reply.header('cache-control', 'no-store').send(deployer.find(params.id)),
}

/** `GET /v1/models/versions`: who deployed what, when and why. */
export const modelVersions: Route<ModelContext> = {
  method: 'GET',
  path: '/v1/models/versions',
  role: 'viewer',
  summary: 'Every deployment, newest first',
  query: pageNames,
  bounds: ['load', 'answers'],
  operationId: 'modelVersions',
  tag: 'models',
  parameters: () => pageQueryParameters,
  answers: { ok: jsonAnswer('A page.', modelVersionsAnswer), refusals: usual },
  handle:
    ({ deployer }) =>
    ({ query }, reply) =>
      sendPolicy(reply, tellVersions(deployer, readPage(query))),
}

function tellVersions({ models }: ModelDesk, { limit, cursor = Number.POSITIVE_INFINITY }: PageQuery) {
  const { steps } = models.deployments
  const older = steps.filter(({ sequence }) => sequence < cursor)
  const page = older.slice(-limit).toReversed()
  const versions = page.map(({ change, led, ...on }) => ({ ...tellDeed(on), change, inForce: led }))
  return { ...versionOf({ steps }), versions, cursor: older.length > limit ? (page.at(-1)?.sequence ?? null) : null }
}
