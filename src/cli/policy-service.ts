import { FraudError } from '../core/errors.ts'
import { z } from '../core/zod.ts'
import { listSchema } from '../decisioning/list-definition.ts'
import { policySchema } from '../decisioning/policy-definition.ts'
import { ruleSchema } from '../decisioning/rule-definition.ts'
import type { PolicyTarget, PolicyVersion } from './policy-target.ts'
import { askService, type ClientOptions, type ServiceRequest } from './service-client.ts'

// What a service tells beside a definition, such as how often a rule has fired, is not of it.
const rule = z.object(ruleSchema.shape)
const policyAnswer = z.object({ version: z.int(), policy: policySchema, tripped: z.array(z.string()).default([]) })
const rulesAnswer = z.object({ rules: z.array(rule) })
const listsAnswer = z.object({ lists: z.array(z.object(listSchema.shape)) })
const stepsAnswer = z.object({
  versions: z.array(
    z.object({
      version: z.int(),
      at: z.string(),
      by: z.string(),
      why: z.string().optional(),
      changes: z.array(z.string()),
    }),
  ),
})
const problem = z.object({ field: z.string(), reason: z.string() })
const changeAnswer = z.object({ version: z.int(), warnings: z.array(problem) })

/** The policy of a running service, over HTTP. */
export function servicePolicy(client: ClientOptions): PolicyTarget {
  const get = <Answer>(path: string, schema: z.ZodType<Answer>) => ask(client, { method: 'GET', path }, schema)
  return {
    where: `the service on ${client.url}`,
    read: () => readPolicy(get),
    steps: async () => (await get('/v1/policy/versions', stepsAnswer)).versions,
    change: (change, { why, ifVersion }) =>
      ask(
        client,
        {
          method: 'POST',
          path: '/v1/policy/changes',
          headers: {
            'content-type': 'application/json',
            ...(ifVersion !== undefined && { 'if-match': String(ifVersion) }),
          },
          body: JSON.stringify({ change, ...(why !== undefined && { why }) }),
        },
        changeAnswer,
      ),
  }
}

const mostReads = 5

/** All of one version: where somebody changes it in between, it is read again. */
async function readPolicy(
  get: <Answer>(path: string, schema: z.ZodType<Answer>) => Promise<Answer>,
): Promise<PolicyVersion> {
  for (let read = 1; read <= mostReads; read++) {
    const { version, policy, tripped } = await get('/v1/policy', policyAnswer)
    const { rules } = await get('/v1/rules', rulesAnswer)
    const { lists } = await get('/v1/lists', listsAnswer)
    const after = await get('/v1/policy', policyAnswer)
    if (after.version !== version) continue
    return {
      ...{ version, policy, tripped },
      rules: new Map(rules.map((rule) => [rule.id, rule])),
      lists: new Map(lists.map((list) => [list.name, list])),
    }
  }
  throw new FraudError('POLICY_CHANGED', 'The policy changed each time that it was read', {
    hint: 'Run the command again once others have done their changes',
  })
}

async function ask<Answer>(client: ClientOptions, request: ServiceRequest, schema: z.ZodType<Answer>): Promise<Answer> {
  const text = await askService(client, request)
  const answer = schema.safeParse(JSON.parse(text))
  if (answer.success) return answer.data
  const reason = z.prettifyError(answer.error)
  throw new FraudError('INTERNAL', `What ${client.url}${request.path} answers is of another version: ${reason}`)
}
