import { assertProtected, type KeyRing } from '../access/keys.ts'
import type { OidcChoice } from '../access/oidc.ts'
import { type OptionName, option, optionInvalid } from '../core/option.ts'
import { checkAddress } from './listen.ts'
import type { OtlpTarget } from './tracing/otlp-export.ts'

/** Where and for whom a service listens. */
export interface ServingChoice {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** Processes that share the port; with 1 this process serves by itself. */
  readonly workers: number
  /** Threads that have the connections of a process that serves by itself; by default it has them itself. */
  readonly edges?: number | undefined
  /** Allows a host other than loopback without keys. */
  readonly insecure: boolean
  readonly apiKeys: readonly string[]
  /** Who may do what as of now, in place of `apiKeys`. */
  readonly keyRing?: (() => KeyRing) | undefined
  /** Where people log in whom another service knows. */
  readonly oidc?: OidcChoice | undefined
  /** Where traces of requests go; by default none are kept. */
  readonly traces?: OtlpTarget | undefined
}

/**
 * Whether the service could be opened as it is asked for, which is known before any work is done.
 *
 * @throws FraudError OPTION_INVALID, PORT_IN_USE, ADDRESS_UNAVAILABLE
 */
export async function checkServing(config: ServingChoice): Promise<void> {
  const { host, port, workers, insecure, apiKeys, keyRing, oidc } = config
  assertWithin('workers', workers, 1, 64)
  checkEdges(config)
  assertWithin('port', port, 0, 65_535)
  const isAsked = (keyRing?.().asksForKey ?? false) || apiKeys.length > 0 || (oidc !== undefined && workers === 1)
  assertProtected(host, isAsked, insecure)
  await checkAddress(host, port)
}

function checkEdges({ edges = 0, workers, traces }: ServingChoice): void {
  assertWithin('edges', edges, 0, 16)
  if (edges === 0) return
  if (workers > 1) throw optionInvalid('edges', `is for one process, and ${option('workers')} is ${workers}`)
  if (process.platform !== 'linux') throw optionInvalid('edges', `needs Linux, and this is ${process.platform}`)
  if (traces !== undefined)
    throw optionInvalid('edges', 'can not be used while requests are traced: leave it out, or set OTEL_SDK_DISABLED')
}

function assertWithin(name: OptionName, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw optionInvalid(name, `must be a whole number from ${least} to ${most}, and is ${value}`)
}
