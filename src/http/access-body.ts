import type { FastifyReply } from 'fastify'
import { type FieldError, FraudError } from '../core/errors.ts'
import { readJson } from '../core/json-text.ts'
import { isRecord } from '../core/json-value.ts'
import { tellIssues, type z } from '../core/zod.ts'
import { refuseRepeated } from '../deciding/refuse-repeated.ts'
import { answerBody } from './answer-body.ts'
import { smallBody } from './body.ts'
import type { HttpContext } from './http-context.ts'
import type { RouteRequest } from './route.ts'

const mostNames = 16

/** Reads a small body by its schema and sends what `answer` makes of it. What is refused never shows a value: it may be a password. */
export function answerParsed<Schema extends z.ZodType>(
  context: Pick<HttpContext, 'limits' | 'held'>,
  schema: Schema,
  request: RouteRequest,
  reply: FastifyReply,
  answer: (given: z.infer<Schema>) => Promise<object>,
): void {
  reply.header('cache-control', 'no-store')
  answerBody(smallBody(context), request.raw, reply, async (body) => {
    const { value, repeated } = readJson(body, 'body', mostNames)
    refuseRepeated(repeated)
    const { data, error } = schema.safeParse(value)
    if (error === undefined) return JSON.stringify(await answer(data))
    const errors: readonly FieldError[] = isRecord(value)
      ? error.issues.map(({ path, message }) => ({ field: path.join('.') || '(body)', reason: message }))
      : [{ field: '(body)', reason: tellIssues(error) }]
    throw new FraudError('INPUT_INVALID', 'The body is not what this route takes', { errors })
  })
}
