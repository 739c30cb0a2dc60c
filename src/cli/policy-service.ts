import { FraudError } from '../core/errors.ts'
import { z } from '../core/zod.ts'
import { listSchema } from '../decisioning/list-definition.ts'
import { policySchema } from '../decisioning/policy-definition.ts'
import { ruleSchema } from '../decisioning/rule-definition.ts'
import { outcomes } from '../detector/detector-schema.ts'
import type { ListedEntry, PolicyStep, PolicyTarget } from './policy-target.ts'
import { askService, type ClientOptions, type ServiceRequest } from './service-client.ts'

const policyAnswer = z.object({
  version: z.int(),
  policy: policySchema,
  rules: z.array(ruleSchema),
  lists: z.array(listSchema),
  tripped: z.array(z.string()),
  /** Older services don't tell. */
  features: z
    .array(
      z.object({
        name: z.string(),
        state: z.enum(['computed', 'filling', 'failed']),
        reason: z.string().exactOptional(),
      }),
    )
    .default([]),
  reviews: z.object({ last24h: z.int(), perDay: z.int().nullable(), since: z.string() }).optional(),
})
const step = z.object({
  version: z.int(),
  at: z.string(),
  by: z.string(),
  why: z.string(),
  changes: z.array(z.string()).optional(),
  /** The name that it had before. */
  diff: z.array(z.string()).optional(),
})
const versionsAnswer = z.object({ versions: z.array(step), cursor: z.int().nullable() })
const entrySchema = z.object({
  number: z.int(),
  value: z.string(),
  expiresAt: z.string().optional(),
  source: z.string().optional(),
  note: z.string().optional(),
})
const place = z.object({ line: z.int(), column: z.int(), start: z.int(), end: z.int() })
const problems = z.array(z.object({ field: z.string(), reason: z.string(), at: place.optional() }))
const entriesAnswer = z.object({ entries: z.array(entrySchema), cursor: z.int().nullable() })
const changeAnswer = z.object({ version: z.int(), warnings: problems })
const checkAnswer = z.object({ problems, warnings: problems })
const counted = z.int().min(0)
const figuresAnswer = z.object({
  unknown: z.object({ count: counted, decisions: counted, since: z.string().nullable() }),
  figures: z.array(
    z.object({
      ...{ version: z.int(), since: z.string(), isCurrent: z.boolean(), outcome: z.enum([...outcomes, 'tag']) },
      ...{ liveDecisions: counted, shadowDecisions: counted, fired: counted, alone: counted, shadow: counted },
      ...{ wouldChange: counted, undrawn: counted, snoozed: counted, fused: counted },
      ...{ frauds: counted, legitimate: counted, withoutLabel: counted },
      precision: z.number().nullable(),
      precisionInterval: z.object({ lower: z.number(), upper: z.number() }).nullable(),
    }),
  ),
})
const namesAnswer = z.object({
  names: z.array(
    z.object({
      ...{ name: z.string(), type: z.string(), from: z.string() },
      range: z.object({ least: z.number(), most: z.number().nullable() }).optional(),
      values: z.array(z.string()).optional(),
      examples: z.array(z.union([z.string(), z.number()])),
    }),
  ),
})

/** The policy of a running service, over HTTP. */
export function servicePolicy(client: ClientOptions): PolicyTarget {
  const post = (path: string, body: object, ifVersion?: number): ServiceRequest => ({
    ...{ method: 'POST', path, body: JSON.stringify(body) },
    headers: { 'content-type': 'application/json', ...(ifVersion !== undefined && { 'if-match': String(ifVersion) }) },
  })
  return {
    where: `the service on ${client.url}`,
    async read() {
      const { rules, lists, ...others } = await ask(client, { method: 'GET', path: '/v1/policy' }, policyAnswer)
      return {
        ...others,
        rules: new Map(rules.map((rule) => [rule.id, rule])),
        lists: new Map(lists.map((list) => [list.name, list])),
      }
    },
    steps: () => readSteps(client),
    change: (change, { why = '', ifVersion }) =>
      ask(client, post('/v1/policy/changes', { change, why }, ifVersion), changeAnswer),
    entries: (list) => readEntries(client, list),
    figures: (rule) =>
      ask(client, { method: 'GET', path: `/v1/rules/${encodeURIComponent(rule)}/figures` }, figuresAnswer),
    names: async () => (await ask(client, { method: 'GET', path: '/v1/policy/names' }, namesAnswer)).names,
    checkChange: (change) => ask(client, post('/v1/policy/changes/check', { change }), checkAnswer),
  }
}

async function* readEntries(client: ClientOptions, list: string): AsyncGenerator<ListedEntry> {
  for (let page = ''; ; ) {
    const path = `/v1/lists/${encodeURIComponent(list)}/entries?limit=500${page}`
    const { entries, cursor } = await ask(client, { method: 'GET', path }, entriesAnswer)
    yield* entries
    if (cursor === null) return
    page = `&cursor=${cursor}`
  }
}

async function readSteps(client: ClientOptions): Promise<readonly PolicyStep[]> {
  const steps: PolicyStep[] = []
  let page = ''
  for (;;) {
    const path = `/v1/policy/versions${page}`
    const { versions, cursor } = await ask(client, { method: 'GET', path }, versionsAnswer)
    for (const { diff = [], changes = diff, why, ...others } of versions)
      steps.unshift({ ...others, ...(why !== '' && { why }), changes })
    if (cursor === null) return steps
    page = `?cursor=${cursor}`
  }
}

async function ask<Answer>(client: ClientOptions, request: ServiceRequest, schema: z.ZodType<Answer>): Promise<Answer> {
  const answer = schema.safeParse(JSON.parse(await askService(client, request)))
  if (answer.success) return answer.data
  const reason = z.prettifyError(answer.error)
  throw new FraudError('INTERNAL', `${client.url}${request.path} answers what this version can't read: ${reason}`)
}
