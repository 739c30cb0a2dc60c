import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import { type FieldError, FraudError } from '../core/errors.ts'
import { readJson } from '../core/json-text.ts'
import { isRecord, kindOf } from '../core/json-value.ts'
import { refuseRepeated } from '../deciding/refuse-repeated.ts'
import { type BodyLimits, readBody } from './body.ts'
import { principalOf } from './guard.ts'
import type { HttpContext } from './http-context.ts'
import { mediaTypeOf } from './media-type.ts'
import { mustBeApproved, proposeChange } from './propose.ts'
import type { Handler, PolicyContext, RouteRequest } from './route.ts'

/** A policy has far more names than a transaction: a hundred segments, or many changes at once. */
const namesOfChange = 65_536
export const bytesOfChange = 1024 * 1024

type Given = Readonly<Record<string, unknown>>

/** Makes the change of what was sent, `why` left out, and of the path's parameters. */
export type MakeChange = (given: Given, params: RouteRequest['params']) => unknown

/** Handles a request that says no more than why, if that. */
export function changesWithoutBody(context: PolicyContext, make: MakeChange): Handler {
  return changes(context, make, undefined, true)
}

/** Handles a request that changes the policy. @param within paths of the change that the body has at its top: `rule`. */
export function changes(
  context: PolicyContext,
  make: MakeChange,
  within: (given: Given, params: RouteRequest['params']) => readonly string[] = () => [],
  mayBeEmpty = false,
): Handler {
  const { decisions } = context
  return (request, reply) => {
    const ifVersion = readIfMatch(request.headers)
    answerReasoned(
      context,
      request.raw,
      reply,
      async ({ why, ...given }) => {
        const by = principalOf(request).name
        const asked = make(given, request.params)
        const places = within(given, request.params)
        if (mustBeApproved(context)) {
          const pending = proposeChange(context, asked, { why, ifVersion }, request, reply)
          return await pending.catch((error) => {
            throw ofBody(error, places)
          })
        }
        const { warnings, ...answer } = await decisions.change(asked, { by, why, ifVersion }).catch((error) => {
          throw ofBody(error, places)
        })
        reply.header('etag', `"${answer.version}"`)
        return { ...answer, warnings: fieldsOfBody(warnings, places) }
      },
      mayBeEmpty,
    )
  }
}

/** As `answerChange`, of a change that may say why. */
export function answerReasoned<Answer extends object>(
  context: Pick<HttpContext, 'limits' | 'held'>,
  raw: IncomingMessage,
  reply: FastifyReply,
  change: (given: Given & { readonly why: string }) => Promise<Answer>,
  mayBeEmpty = false,
): void {
  const reasoned = ({ why = '', ...given }: Given) => {
    if (typeof why === 'string') return change({ ...given, why })
    const errors = [{ field: 'why', reason: `is ${kindOf(why)}, where text is required` }]
    throw new FraudError('INPUT_INVALID', 'The reason of a change is text', { errors })
  }
  answerChange(context, raw, reply, async (given) => reasoned(given), mayBeEmpty)
}

/** Reads the object that a change is made of, or nothing at all where nothing has to be said, and answers with what came of it. */
export function answerChange<Answer extends object>(
  { limits, held }: Pick<HttpContext, 'limits' | 'held'>,
  raw: IncomingMessage,
  reply: FastifyReply,
  change: (given: Given) => Promise<Answer>,
  mayBeEmpty = false,
): void {
  const send = (answer: Answer) => void reply.header('cache-control', 'no-store').send(answer)
  const refuse = (error: unknown) => void reply.send(error)
  const take = async (body: Buffer): Promise<Answer> => {
    if (body.length === 0 && raw.headers['content-type'] === undefined && mayBeEmpty && !isOfBrowser(raw.headers))
      return await change({})
    if (!isSentByCurl(raw.headers)) mediaTypeOf(raw.headers)
    const value = readChange(body)
    if (!isRecord(value)) throw notAnObject(value)
    return await change(value)
  }
  const bodyLimits: BodyLimits = { limitBytes: bytesOfChange, timeoutMs: limits.bodyTimeoutMs, held }
  readBody(raw, bodyLimits, (body) => void take(body).then(send, refuse), refuse)
}

/** A body that may hold a policy. @throws FraudError INPUT_INVALID where it is not JSON, or says something twice. */
export function readChange(body: Buffer): unknown {
  const { value, repeated } = readJson(body, 'body', namesOfChange)
  refuseRepeated(repeated)
  return value
}

function notAnObject(value: unknown): FraudError {
  const errors = [{ field: '(body)', reason: `is ${kindOf(value)}, where an object is required` }]
  return new FraudError('INPUT_INVALID', 'A change is an object', { errors })
}

/**
 * `curl -d` calls every body a form, which pages of other sites may send, too, without being asked whether they may. Browsers
 * say that it was them.
 */
export function isSentByCurl(headers: IncomingHttpHeaders): boolean {
  const isForm = headers['content-type'] === 'application/x-www-form-urlencoded'
  return isForm && !isOfBrowser(headers) && headers['content-encoding'] === undefined
}

function isOfBrowser(headers: IncomingHttpHeaders): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
}

/** `If-Match: 17`, with quotes or without. @throws FraudError INPUT_INVALID */
export function readIfMatch({ 'if-match': given }: IncomingHttpHeaders): number | undefined {
  if (given === undefined || given.trim() === '*') return undefined
  const version = /^\s*"?(\d{1,15})"?\s*$/.exec(given)?.[1]
  if (version !== undefined) return Number(version)
  const errors = [{ field: 'If-Match', reason: 'is the version that this is a change of, a whole number' }]
  throw new FraudError('INPUT_INVALID', 'The header If-Match is not a version', { errors })
}

function ofBody(error: unknown, within: readonly string[]): unknown {
  if (!(error instanceof FraudError) || error.code !== 'INPUT_INVALID' || within.length === 0) return error
  const { code, message, cause } = error
  return new FraudError(code, message, { cause, errors: fieldsOfBody(error.errors, within) })
}

/** Names fields as the body has them: `when` in the place of `rule.when` and `rules.card-testing.when`. */
export function fieldsOfBody(errors: readonly FieldError[], within: readonly string[]): readonly FieldError[] {
  return errors.map((error) => {
    const place = within.find((each) => error.field === each || error.field.startsWith(`${each}.`))
    return place === undefined ? error : { ...error, field: error.field.slice(place.length + 1) || '(body)' }
  })
}

/** Where problems of a rule are that is a body itself; one without an id is told as that of `rule`. */
export function placesOfRule({ id }: Given): readonly string[] {
  return ['rule', `rules.${String(id)}`, 'rules.rule']
}
