import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import { readJson } from '../../core/json-text.ts'
import type { Decisions } from '../../deciding/decisions.ts'
import { refuseRepeatedInLabel } from '../../deciding/refuse-repeated.ts'
import { answerBody } from '../answer-body.ts'
import { ndjson } from '../answer-lines.ts'
import { checkBeginning, isArray } from '../array-items.ts'
import { smallBody, tooLarge } from '../body.ts'
import { principalOf } from '../guard.ts'
import type { HttpContext } from '../http-context.ts'
import { joinedText } from '../joined-text.ts'
import { type LabelStream, takeLabelLines } from '../label-lines.ts'
import { mediaTypeOf } from '../media-type.ts'
import { arrayLimits, itemsOf } from '../read-array.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer, ref } from '../schemas/parts.ts'
import { unavailable, usual } from '../schemas/refused.ts'

const csv = 'text/csv'
const types: ReadonlySet<string> = new Set(['application/json', csv, ndjson])

/** A label has four names; a few more, so that misspelt ones are named in the refusal. */
const labelNames = 16

const full = new FraudError('PENDING_LABELS_FULL', '100000 labels already wait for transactions that have not arrived')
const contradicted = new FraudError('LABELS_FULL', 'Transaction "order-48213" already has 100 labels')

const example = { transactionId: 't-1', isFraud: true, source: 'chargeback' }
const labelLines = { type: 'string', description: 'One label per line.' }
const labelCsv = {
  type: 'string',
  description:
    'A header with the fields of a label, and one label per line; isFraud as true or false, 1 or 0, yes or no.',
}
const bodies = {
  required: true,
  content: {
    'application/json': { schema: { oneOf: [ref('Label'), { type: 'array', items: ref('Label') }] }, example },
    'application/x-ndjson': { schema: labelLines, example: `${JSON.stringify(example)}\n` },
    'text/csv': { schema: labelCsv, example: 'transactionId,isFraud,source\nt-1,true,chargeback\n' },
  },
}
const answer = { oneOf: [ref('LabelAnswer'), { type: 'array', items: ref('LabelAnswer') }, ref('LabelReport')] }

/** `POST /v1/labels`: what transactions turned out to be, one, an array or a stream, durable before it is answered. */
export const label: Route<DecidingContext> = {
  method: 'POST',
  path: '/v1/labels',
  role: 'label',
  summary: 'Take in labels: which transactions were fraud',
  bounds: ['load'],
  operationId: 'label',
  tag: 'labels',
  details:
    'One label or an array, durable before it is answered; an array is checked as a whole first, and a refused one ' +
    'changes nothing. In CSV and NDJSON each line is taken in separately, and the answer counts them.',
  body: () => bodies,
  answers: {
    ok: jsonAnswer('The labels that are known now; for CSV and NDJSON, how many of them are new.', answer),
    refusals: [...usual, unavailable, full, contradicted],
  },
  handle: (context) => {
    const { limits, decisions } = context
    const check = (bytes: Buffer) => {
      if (!isArray(bytes)) throw tooLarge(limits.bodyBytes)
      checkBeginning(bytes, arrayLimits(limits, labelNames))
    }
    const beginning = { bytes: limits.bodyBytes, check }
    const bodyLimits = { ...smallBody(context), limitBytes: limits.labelBytes, beginning }
    return (request, reply) => {
      const { raw } = request
      const by = principalOf(request).name
      const type = mediaTypeOf(raw.headers, types)
      if (type !== 'application/json') {
        answerStream(context, decisions, { raw, isCsv: type === csv, names: labelNames, by }, reply)
      } else answerBody(bodyLimits, raw, reply, (body) => takeLabels(context, by, body, reply))
    }
  },
}

/** So few labels are answered in one piece, which takes less time than a slice of others' work. */
const mostAtOnce = 256

async function takeLabels(
  context: DecidingContext,
  by: string,
  body: Buffer,
  reply: FastifyReply,
): Promise<string | Readable | undefined> {
  const { turns, answers, decisions } = context
  if (!isArray(body)) {
    const item = readJson(body, 'body', labelNames)
    refuseRepeatedInLabel(item)
    const [label] = await decisions.label(item.value, by)
    return JSON.stringify(label)
  }
  const items = await itemsOf(context, body, reply, labelNames)
  if (items === undefined) return undefined
  items.forEach(refuseRepeatedInLabel)
  const values = items.map(({ value }) => value)
  const labels = await decisions.label(values, by, turns)
  if (labels.length <= mostAtOnce) return JSON.stringify(labels)
  const texts = labels.values().map((label) => JSON.stringify(label))
  answers.limitTime(reply.raw)
  return Readable.from(joinedText([texts], turns, '[', ',', ']'))
}

/** Labels that come as lines, without a bound on how many, are answered by what became of them together. */
function answerStream(context: HttpContext, decisions: Decisions, stream: LabelStream, reply: FastifyReply): void {
  const { limits, held } = context
  // Only the current line and the current piece of the stream are in memory.
  const heldBytes = 2 * limits.lineBytes
  held.take(heldBytes, stream.raw)
  reply.raw.once('close', () => held.give(heldBytes, stream.raw))
  const send = (text: string) => void reply.header('content-type', 'application/json; charset=utf-8').send(text)
  takeLabelLines(context, decisions, stream).then(
    (report) => send(JSON.stringify(report)),
    // A client that has gone away does not wait for the answer.
    (error: unknown) => reply.raw.destroyed || reply.send(error),
  )
}
