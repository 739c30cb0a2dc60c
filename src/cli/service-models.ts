import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError, isErrorCode } from '../core/errors.ts'
import { z } from '../core/zod.ts'
import type { DeploymentState } from '../deciding/deployer.ts'
import { modelRoles } from '../deciding/deployment.ts'
import type { ModelReason, ModelTarget } from './model-target.ts'
import type { Run } from './run.ts'
import { askService, type ClientOptions, type ServiceRequest } from './service-client.ts'

const lookEveryMs = 500

const texts = z.array(z.string())
const deed = { version: z.int(), at: z.string(), by: z.string(), why: z.string() }
const modelAnswer = z.looseObject({
  id: z.string(),
  role: z.enum(modelRoles).nullable(),
  state: z.enum(['idle', 'preparing', 'failed']),
  progress: z.object({ records: z.number(), of: z.number() }).exactOptional(),
  error: z.object({ code: z.string(), detail: z.string() }).exactOptional(),
  bytes: z.number(),
  parent: z.string().exactOptional(),
  detector: z.string(),
  learner: z.string(),
  preset: z.string(),
  features: z.number(),
  training: z.record(z.string(), z.unknown()),
  metrics: z.record(z.string(), z.unknown()).nullable(),
  addedAt: z.string(),
  addedBy: z.string(),
  why: z.string(),
  deployed: z.object(deed).exactOptional(),
  isMissing: z.literal(true).exactOptional(),
}) as z.ZodType<DeploymentState>
const listAnswer = z.object({ version: z.int(), models: z.array(modelAnswer), cursor: z.int().nullable() })
const versionsAnswer = z.object({
  versions: z.array(z.object({ ...deed, change: z.record(z.string(), z.unknown()) })),
  cursor: z.int().nullable(),
})
const addedAnswer = z.object({ id: z.string(), isNew: z.boolean() })
const deployedAnswer = z.object({
  id: z.string(),
  role: z.enum(modelRoles),
  state: z.enum(['idle', 'preparing']),
  version: z.int(),
  warnings: texts,
})
const rehearsalAnswer = z.object({
  id: z.string(),
  role: z.enum(modelRoles),
  problems: z.array(z.object({ code: z.string(), detail: z.string() })),
  warnings: texts,
  records: z.number(),
})

/** The models of a service that runs. */
export function serviceModels(client: ClientOptions, run: Run): ModelTarget {
  const at = (id: string) => `/v1/models/${encodeURIComponent(id)}`
  const find = (id: string) => ask(client, { method: 'GET', path: at(id) }, modelAnswer)
  return {
    where: `the service on ${client.url}`,
    find,
    async list() {
      const models: DeploymentState[] = []
      for (let page = ''; ; ) {
        const answer = await ask(client, { method: 'GET', path: `/v1/models${page}` }, listAnswer)
        models.push(...answer.models)
        if (answer.cursor === null) return { version: answer.version, models }
        page = `?cursor=${answer.cursor}`
      }
    },
    async versions() {
      const all = []
      for (let page = ''; ; ) {
        const { versions, cursor } = await ask(
          client,
          { method: 'GET', path: `/v1/models/versions${page}` },
          versionsAnswer,
        )
        all.push(...versions)
        if (cursor === null) return all
        page = `?cursor=${cursor}`
      }
    },
    add(bytes, { why, parent }) {
      const query = new URLSearchParams({ why, ...(parent !== undefined && { parent }) })
      const headers = { 'content-type': 'application/octet-stream' }
      const request = { method: 'POST', path: `/v1/models?${query}`, headers, body: Buffer.from(bytes) } as const
      return ask(client, request, addedAnswer)
    },
    remove: (id, reason, forgets) =>
      ask(client, send('DELETE', `${at(id)}?forget=${forgets}`, {}, reason), z.object({ version: z.int() })),
    rehearse: (id, request) =>
      ask(client, send('POST', `${at(id)}/deploy`, { ...request, dryRun: true }, { why: '' }), rehearsalAnswer),
    async deploy(id, request, reason) {
      const { state, ...deployed } = await ask(
        client,
        send('POST', `${at(id)}/deploy`, request, reason),
        deployedAnswer,
      )
      return state === 'idle' ? deployed : { ...deployed, version: await follow(() => find(id), run) }
    },
    rollback: (to, reason) =>
      ask(client, send('POST', '/v1/models/rollback', { ...(to !== undefined && { to }) }, reason), deployedAnswer),
  }
}

function send(
  method: 'POST' | 'DELETE',
  path: string,
  content: object,
  { why, ifVersion }: ModelReason,
): ServiceRequest {
  const headers = {
    'content-type': 'application/json',
    ...(ifVersion !== undefined && { 'if-match': `"${ifVersion}"` }),
  }
  return { method, path, headers, body: JSON.stringify({ ...content, why }) }
}

/** Waits until a model that is being prepared has taken over; the version of that. */
async function follow(find: () => Promise<DeploymentState>, { begin, signal }: Run): Promise<number> {
  const step = begin('make histories of the log')
  for (;;) {
    const { id, state, progress, error, deployed } = await find()
    if (state === 'idle') {
      step.end('done')
      return deployed?.version ?? 0
    }
    if (error !== undefined) {
      throw new FraudError(
        isErrorCode(error.code) ? error.code : 'INTERNAL',
        `${id} did not take over: ${error.detail}`,
      )
    }
    if (progress !== undefined) step.update(progress.records, progress.of)
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {
      throw new FraudError('INTERRUPTED', `Stopped waiting; ${id} goes on: shrike models show ${id}`)
    })
  }
}

async function ask<Answer>(client: ClientOptions, request: ServiceRequest, schema: z.ZodType<Answer>): Promise<Answer> {
  const answer = schema.safeParse(JSON.parse(await askService(client, request)))
  if (answer.success) return answer.data
  const reason = z.prettifyError(answer.error)
  throw new FraudError('INTERNAL', `${client.url}${request.path} answers what this version can't read: ${reason}`)
}
