import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import { readJson } from '../../core/json-text.ts'
import { LineSplitter } from '../../core/line-splitter.ts'
import { requireModel } from '../../deciding/lineup.ts'
import { answerLines, ndjson } from '../answer-lines.ts'
import type { HttpContext } from '../http-context.ts'
import { joinedText } from '../joined-text.ts'
import { mediaTypeOf } from '../media-type.ts'
import { readArray } from '../read-array.ts'
import { readableId } from '../readable-id.ts'
import type { Route } from '../route.ts'
import { nestedExample } from '../schemas/input.ts'
import { manyAnswers, manyBody, ref } from '../schemas/parts.ts'
import { renderPrediction } from '../schemas/prediction.ts'
import { presentItemError } from '../schemas/problem.ts'
import { usualOfPredictions } from '../schemas/refused.ts'
import { predictOne } from './predict.ts'

const types: ReadonlySet<string> = new Set(['application/json', ndjson])

/** `POST /predict/batch`: a JSON array, or NDJSON streamed in and out; one answer per item, in order. One model answers all. */
export const predictBatch: Route = {
  method: 'POST',
  path: '/predict/batch',
  role: 'score',
  summary: 'Predict for many transactions, one answer each, in order',
  bounds: ['load'],
  operationId: 'predictBatch',
  tag: 'predictions',
  details:
    'A bad item is answered by an error in its place; the others are answered as usual. NDJSON is answered line by line while it arrives.',
  body: ({ lineup }) => manyBody(ref('Input'), nestedExample(lineup.champion.model?.example ?? {})),
  answers: { ok: manyAnswers({ oneOf: [ref('Prediction'), ref('ItemError')] }), refusals: usualOfPredictions },
  handle:
    (context) =>
    ({ raw }, reply) => {
      const type = mediaTypeOf(raw.headers, types)
      requireModel(context.lineup)
      if (type === ndjson) answerLines(context, raw, reply, (stalled) => predictLines(context, raw, stalled))
      else sendAnswers(context, raw, reply)
    },
}

function sendAnswers(context: HttpContext, raw: IncomingMessage, reply: FastifyReply): void {
  const { lineup, metrics, turns } = context
  readArray(context, raw, reply, requireModel(lineup).names, (items) => {
    const served = requireModel(lineup)
    const answers = items.values().map(({ value, repeated }, index) =>
      answerItem(
        context,
        index,
        () => value,
        () => {
          const prediction = served.predict(value, repeated)
          metrics.countPrediction(prediction)
          return renderPrediction(prediction)
        },
      ),
    )
    return joinedText([answers], turns, '[', ',', ']')
  })
}

/** The answers to each chunk of lines as it comes. */
async function* predictLines(
  context: HttpContext,
  source: AsyncIterable<Buffer>,
  stalled: NodeJS.Timeout,
): AsyncGenerator<Iterable<string>> {
  const { lineup, metrics, limits } = context
  const served = requireModel(lineup)
  const splitter = new LineSplitter(limits.lineBytes)
  let index = 0
  function answerLine(line: Buffer | undefined): string {
    stalled.refresh()
    const reread = () => line && readJson(line, 'line', Math.max(limits.names, served.names)).value
    const answer = answerItem(context, index, reread, () => {
      if (line === undefined) throw new FraudError('BODY_TOO_LARGE', `The line is over ${limits.lineBytes} bytes`)
      return renderPrediction(predictOne(served, metrics, line, 'line', limits.names))
    })
    index += 1
    return `${answer}\n`
  }
  for await (const chunk of source) yield splitter.take(chunk).map(answerLine)
  yield splitter.finish().map(answerLine)
}

/** A transaction's id is known where the model is a detector's that decides. */
function answerItem({ decisions }: HttpContext, index: number, reread: () => unknown, predict: () => string): string {
  try {
    return predict()
  } catch (error) {
    return JSON.stringify(presentItemError(error, index, decisions && readableId(decisions, reread)))
  }
}
