import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import { answerLines, ndjson } from '../answer-lines.ts'
import { readBody } from '../body.ts'
import type { App, HttpContext } from '../http-context.ts'
import { joinedText } from '../joined-text.ts'
import { readItems } from '../json-text.ts'
import { LineSplitter } from '../line-splitter.ts'
import { mediaTypeOf } from '../media-type.ts'
import { renderPrediction } from '../schemas/prediction.ts'
import { presentItemError } from '../schemas/problem.ts'
import { predictOne } from './predict.ts'

const types: ReadonlySet<string> = new Set(['application/json', ndjson])

/** `POST /predict/batch`: a JSON array, or NDJSON streamed in and out; one answer per item, in order. One model answers all. */
export function predictBatchRoutes(app: App, context: HttpContext): void {
  app.post('/predict/batch', ({ raw }, reply) => {
    if (mediaTypeOf(raw.headers, types) === ndjson)
      answerLines(context, raw, reply, (stalled) => predictLines(context, raw, stalled))
    else sendAnswers(context, raw, reply)
  })
}

function sendAnswers(context: HttpContext, raw: IncomingMessage, reply: FastifyReply): void {
  const { batchBytes, bodyTimeoutMs } = context.limits
  const take = (body: Buffer) => {
    const answers = joinedText([answerArray(context, body)], '[', ',', ']')
    reply.header('content-type', 'application/json; charset=utf-8').send(Readable.from(answers))
  }
  readBody(raw, batchBytes, bodyTimeoutMs, take, (error) => reply.send(error))
}

/** Checks the whole before the first answer, so that a bad body is refused with its own status. */
function answerArray({ model, metrics, limits }: HttpContext, bytes: Buffer): Iterable<string> {
  const { items, repeated } = readItems(bytes, limits.batchItems)
  const served = model.current
  return items.values().map((item, index) =>
    answerItem(index, () => {
      const prediction = served.predict(item, repeated.get(index))
      metrics.countPrediction(prediction)
      return renderPrediction(prediction)
    }),
  )
}

/** The answers to each chunk of lines as it comes. */
async function* predictLines(
  { model, metrics, limits }: HttpContext,
  source: AsyncIterable<Buffer>,
  stalled: NodeJS.Timeout,
): AsyncGenerator<Iterable<string>> {
  const served = model.current
  const splitter = new LineSplitter(limits.lineBytes)
  let index = 0
  function answerLine(line: Buffer | undefined): string {
    stalled.refresh()
    const answer = answerItem(index, () => {
      if (line === undefined) throw new FraudError('BODY_TOO_LARGE', `The line is over ${limits.lineBytes} bytes`)
      return renderPrediction(predictOne(served, metrics, line, 'line'))
    })
    index += 1
    return `${answer}\n`
  }
  for await (const chunk of source) yield splitter.take(chunk).map(answerLine)
  yield splitter.finish().map(answerLine)
}

function answerItem(index: number, predict: () => string): string {
  try {
    return predict()
  } catch (error) {
    return JSON.stringify(presentItemError(error, index))
  }
}
