import { Readable } from 'node:stream'
import type { NumberedEntry } from '../../decisioning/index.ts'
import { ndjson } from '../answer-lines.ts'
import { joinedText } from '../joined-text.ts'
import { pageNames, pageQueryParameters, readPage } from '../page-query.ts'
import { partOf } from '../policy-parts.ts'
import type { PolicyContext, Route } from '../route.ts'
import { entriesAnswer, pathParameter, unknownPart } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'

const csv = 'text/csv'
const entriesAtOnce = 500

/** `GET /v1/lists/{name}/entries`: a page of JSON, or all of them as CSV or NDJSON, as they can be sent again. */
export const listEntries: Route<PolicyContext> = {
  method: 'GET',
  path: '/v1/lists/{name}/entries',
  role: 'viewer',
  summary: 'The entries of a list: pages of JSON, or all as CSV or NDJSON',
  query: pageNames,
  bounds: ['load', 'answers'],
  audited: 'always',
  operationId: 'listEntries',
  tag: 'policy',
  details: 'In the order in which they were added, without those that have expired; persons by their tokens.',
  parameters: () => [pathParameter('name'), ...pageQueryParameters],
  answers: { ok: entriesAnswer, refusals: [...usual, unknownPart, unavailable] },
  handle:
    (context) =>
    ({ params: { name }, query, headers: { accept = '' } }, reply) => {
      const { decisions, turns } = context
      partOf('list', name, decisions.policy.definitions.lists)
      const { limit, cursor = 0 } = readPage(query)
      reply.header('cache-control', 'no-store')
      const type = [csv, ndjson].find((each) => accept.includes(each))
      if (type === undefined) {
        const entries = firstOf(context, name, cursor, limit)
        const next = entries.length < limit ? null : (entries.at(-1)?.number ?? null)
        return reply.send({ list: name, entries: entries.map(tell), cursor: next })
      }
      const write = type === csv ? csvLine : jsonLine
      const groups = groupsOf(context, name, write)
      const text = joinedText(groups, turns, type === csv ? 'value,expires_at,source,note\n' : '')
      return reply.header('content-type', `${type}; charset=utf-8`).send(Readable.from(text))
    },
}

function firstOf({ decisions }: PolicyContext, name: string, after: number, most: number): readonly NumberedEntry[] {
  return [...Iterator.from(decisions.entriesOf(name, after)).take(most)]
}

/** A list may change while it is read, so it is asked again for what comes behind. */
function* groupsOf(
  context: PolicyContext,
  name: string,
  write: (entry: NumberedEntry) => string,
): Generator<readonly string[]> {
  for (let after = 0; ; ) {
    const entries = firstOf(context, name, after, entriesAtOnce)
    const last = entries.at(-1)
    if (last === undefined) return
    yield entries.map(write)
    after = last.number
  }
}

function sendable({ value, expiresAtMs, source, note }: NumberedEntry) {
  const expiresAt = expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString()
  return { value, expiresAt, source, note }
}

function tell(entry: NumberedEntry): object {
  const { addedAtMs, by, number } = entry
  return { ...sendable(entry), addedAt: new Date(addedAtMs).toISOString(), by, number }
}

function jsonLine(entry: NumberedEntry): string {
  return `${JSON.stringify(sendable(entry))}\n`
}

function csvLine(entry: NumberedEntry): string {
  const { value, expiresAt = '', source = '', note = '' } = sendable(entry)
  return `${[value, expiresAt, source, note].map(csvCell).join(',')}\n`
}

function csvCell(text: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
