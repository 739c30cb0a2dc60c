import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { parseDuration } from '../core/duration.ts'
import { FraudError } from '../core/errors.ts'
import { parseYamlFile } from '../core/yaml-file.ts'
import { z } from '../core/zod.ts'
import { isPrivateAddress } from './private-address.ts'
import { secretOf } from './sign.ts'

/** What an endpoint may be told of. */
const eventNames = [
  ...['decision', 'decision.approve', 'decision.review', 'decision.decline'],
  ...['case', 'label'],
] as const

/** Where events are sent. */
export interface Endpoint {
  readonly name: string
  readonly url: URL
  /** What is signed with; a second one while the first is being replaced. */
  readonly secrets: readonly Buffer[]
  readonly events: ReadonlySet<string>
  /** The key of transactions whose events stay in order; the first that the detector declares by default. */
  readonly orderBy?: string | undefined
  readonly allowPrivate: boolean
  readonly giveUpAfterMs: number
}

const dayMs = 86_400_000
const endpointSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'is up to 40 lower-case letters, digits and hyphens'),
  url: z.string(),
  secretVariable: z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'is the name of an environment variable'),
  events: z.array(z.enum(eventNames)).min(1),
  orderBy: z.string().optional(),
  allowPrivate: z.boolean().default(false),
  giveUpAfter: z.string().default('24h'),
})
const fileSchema = z.strictObject({ endpoints: z.array(endpointSchema).min(1) })

/**
 * Reads the file that names the endpoints; their secrets are in environment variables that it names. Only who starts the
 * service can write it, so nobody can have it send anywhere over HTTP.
 *
 * @throws FraudError OPTION_INVALID, which shows no URL: it may hold a secret.
 */
export function readEndpoints(path: string, variables: Readonly<Record<string, string | undefined>>) {
  const { value, locate } = parseYamlFile(readText(path), path, { what: 'list of webhooks', code: 'OPTION_INVALID' })
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) {
    const [{ path: at, message }] = parsed.error.issues
    throw invalid(`${locate(at)}: ${at.join('.') || 'the file'}: ${message}`)
  }
  const endpoints = parsed.data.endpoints.map((given, at) => readEndpoint(given, locate(['endpoints', at]), variables))
  const names = endpoints.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (twice !== undefined) throw invalid(`${path}: two endpoints are called "${twice}"`)
  return endpoints
}

function readEndpoint(
  { name, url: given, secretVariable, events, orderBy, allowPrivate, giveUpAfter }: z.infer<typeof endpointSchema>,
  place: string,
  variables: Readonly<Record<string, string | undefined>>,
): Endpoint {
  const refuse = (reason: string) => invalid(`${place}: the webhook "${name}" ${reason}`)
  if (!URL.canParse(given)) throw refuse('has a url that is not a URL')
  const url = new URL(given)
  if (url.username !== '' || url.password !== '') throw refuse('has a url with a name or a password in it')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowPrivate))
    throw refuse('has a url that does not begin with https://; http:// is for private addresses, with allowPrivate')
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0 && isPrivateAddress(host) && !allowPrivate)
    throw refuse('has a private address; allowPrivate: true lets it be reached')
  const secrets = (variables[secretVariable] ?? '').split(/[\s,]+/).filter((text) => text !== '')
  if (secrets.length === 0) throw refuse(`has no secret: set ${secretVariable}`)
  const giveUpAfterMs = parseDuration(giveUpAfter)
  if (typeof giveUpAfterMs === 'string') throw refuse(`has no giveUpAfter that can be read: ${giveUpAfterMs}`)
  if (giveUpAfterMs > 7 * dayMs) throw refuse('gives up after seven days at the latest')
  return {
    ...{ name, url, events: new Set<string>(events), orderBy, allowPrivate, giveUpAfterMs },
    secrets: secrets.map((text) => {
      const secret = secretOf(text)
      if (secret !== undefined) return secret
      throw refuse(`has a secret in ${secretVariable} that is not whsec_ and the base64 of 24 to 64 bytes`)
    }),
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new FraudError('FILE_UNREADABLE', `The webhooks' file ${path} can't be read`, { cause })
  }
}

function invalid(message: string): FraudError {
  return new FraudError('OPTION_INVALID', message)
}
