import type { FastifyReply } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import { isRecord, type JsonObject } from '../../core/json-value.ts'
import { ndjson } from '../answer-lines.ts'
import { changes, readIfMatch } from '../change-body.ts'
import { type EntryReport, takeEntryLines } from '../entry-lines.ts'
import { principalOf } from '../guard.ts'
import { mediaTypeOf } from '../media-type.ts'
import { partOf } from '../policy-parts.ts'
import { mustBeApproved, proposeEntries } from '../propose.ts'
import type { PolicyContext, Route, RouteRequest } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import {
  changeRefusals,
  entriesBody,
  entriesChanged,
  ifMatch,
  pathParameter,
  refusedCard,
  unknownPart,
} from '../schemas/policy.ts'

const csv = 'text/csv'
const entriesAtOnce = 500
/** Entries of one change that waits for somebody else, who is to look at it. */
const mostThatWait = 20_000
const types: ReadonlySet<string> = new Set(['application/json', csv, ndjson])

/** `POST /v1/lists/{name}/entries`: adds and removes values, or adds as many as there are lines of CSV or NDJSON. */
export const changeEntries: Route<PolicyContext> = {
  method: 'POST',
  path: '/v1/lists/{name}/entries',
  role: 'author',
  summary: 'Add entries to a list, or remove some',
  query: ['why'],
  bounds: ['load'],
  operationId: 'changeEntries',
  tag: 'policy',
  details: 'Persons are replaced by tokens and card numbers by hashes, as in a transaction, before anything is kept.',
  parameters: () => [
    pathParameter('name'),
    { name: 'why', in: 'query', description: 'Of lines of CSV or NDJSON.', schema: { type: 'string' } },
    ifMatch,
  ],
  body: () => entriesBody,
  answers: {
    ok: jsonAnswer('Entries count from the next decision on.', entriesChanged),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: [...changeRefusals, unknownPart, refusedCard],
  },
  handle: (context) => {
    const takeJson = changes(context, (given, { name }) => entriesChange(context, given, name))
    return (request, reply) => {
      const type = request.headers['content-type']?.split(';')[0].trim().toLowerCase()
      if (type !== csv && type !== ndjson) return takeJson(request, reply)
      answerLines(context, request, mediaTypeOf(request.headers, types) === csv, reply)
    }
  },
}

function entriesChange(
  { decisions }: PolicyContext,
  { add, remove, ...others }: Readonly<Record<string, unknown>>,
  name: string,
): object {
  partOf('list', name, decisions.policy.definitions.lists)
  const count = [add, remove].reduce((sum: number, each) => sum + (Array.isArray(each) ? each.length : 0), 0)
  if (count > entriesAtOnce || (add === undefined && remove === undefined)) {
    const most = `are ${count} values, and at most ${entriesAtOnce} come at once: send more as CSV or NDJSON`
    const errors = [{ field: 'add', reason: count === 0 ? 'is missing, and so is remove' : most }]
    throw new FraudError('INPUT_INVALID', 'Not a valid change of entries', { errors })
  }
  const entries = Array.isArray(add) ? add.map((each) => (typeof each === 'string' ? { value: each } : each)) : add
  return {
    ...others,
    kind: 'entries',
    list: name,
    ...(add !== undefined && { add: entries }),
    ...(remove !== undefined && { remove }),
  }
}

function answerLines(context: PolicyContext, request: RouteRequest, isCsv: boolean, reply: FastifyReply): void {
  const { limits, held, decisions } = context
  const { raw, params, query, headers } = request
  partOf('list', params.name, decisions.policy.definitions.lists)
  const why = isRecord(query) && query.why !== undefined ? String(query.why) : ''
  const change = { by: principalOf(request).name, why, ifVersion: readIfMatch(headers) }
  const stream = { raw, isCsv, list: params.name }
  // In memory are a line that is being read, the piece of the stream that it came in, and a group of entries.
  const heldBytes = 4 * limits.lineBytes
  held.take(heldBytes, raw)
  reply.raw.once('close', () => held.give(heldBytes, raw))
  const taken = mustBeApproved(context)
    ? draftLines(context, stream, change).then((drafted) => proposeDrafted(context, drafted, why, request, reply))
    : takeEntryLines(context, stream, (group) => decisions.change(group, change))
  taken.then(
    (report) => reply.header('etag', `"${report.version}"`).send(report),
    (error: unknown) => raw.destroyed || reply.send(error),
  )
}

interface DraftedLines extends EntryReport {
  readonly list: string
  readonly groups: readonly JsonObject[]
}

/** What the lines would add, looked at as if they were added. @throws FraudError as `takeEntryLines`, and where they are too many */
async function draftLines(
  context: PolicyContext,
  stream: Parameters<typeof takeEntryLines>[1],
  change: { readonly by: string; readonly why: string; readonly ifVersion: number | undefined },
): Promise<DraftedLines> {
  const { decisions } = context
  const groups: JsonObject[] = []
  let drafted = 0
  const report = await takeEntryLines(context, stream, async (group) => {
    drafted += group.add.length
    if (drafted > mostThatWait) throw tooManyToWait()
    const { content, warnings } = await decisions.draft(group, change)
    groups.push(content)
    return { version: decisions.policy.version, sequence: 0, warnings }
  })
  return { ...report, list: stream.list, groups }
}

function proposeDrafted(
  context: PolicyContext,
  { list, groups, lines, added, refused, errors, version, warnings }: DraftedLines,
  why: string,
  request: RouteRequest,
  reply: FastifyReply,
): Omit<EntryReport, 'sequence'> {
  const told = { version, warnings, lines, added: 0, refused, errors }
  if (groups.length === 0) return told
  const pending = proposeEntries(context, { list, groups, why }, request, reply)
  return { ...told, ...pending, ...{ diff: [`list ${list}: ${added.toLocaleString('en')} entries added`] } }
}

function tooManyToWait(): FraudError {
  const reason = `are more than ${mostThatWait.toLocaleString('en')}, which is what one change that waits for approval takes: send them in parts`
  return new FraudError('INPUT_INVALID', 'Too many entries for one change (four eyes); nothing waits', {
    errors: [{ field: 'add', reason }],
  })
}
