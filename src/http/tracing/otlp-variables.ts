import { FraudError } from '../../core/errors.ts'
import type { OtlpTarget } from './otlp-export.ts'

type Variables = Readonly<Record<string, string | undefined>>

/**
 * What OpenTelemetry's standard variables say; undefined where they name no collector, or ask for no traces.
 *
 * @throws FraudError OPTION_INVALID where they ask for what there is not.
 */
export function readOtlp(variables: Variables): OtlpTarget | undefined {
  const given = (name: string) => variables[name]?.trim() || undefined
  const own = given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')
  const base = given('OTEL_EXPORTER_OTLP_ENDPOINT')
  const isOff = given('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || given('OTEL_TRACES_EXPORTER') === 'none'
  if ((own === undefined && base === undefined) || isOff) return undefined
  const url = own ?? `${base?.replace(/\/$/, '')}/v1/traces`
  // A collector's address may hold a secret: it is not shown.
  if (!/^https?:/.test(url) || !URL.canParse(url)) throw invalid('OTEL_EXPORTER_OTLP_ENDPOINT', 'is not a URL of HTTP')
  const protocol = given('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? given('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/json'
  if (protocol !== 'http/json')
    throw invalid('OTEL_EXPORTER_OTLP_PROTOCOL', `is ${protocol}, and traces are sent as http/json`)
  const headers = given('OTEL_EXPORTER_OTLP_TRACES_HEADERS') ?? given('OTEL_EXPORTER_OTLP_HEADERS') ?? ''
  return {
    url,
    headers: readHeaders(headers),
    service: given('OTEL_SERVICE_NAME') ?? 'shrike',
    ratio: readRatio(given),
  }
}

function readHeaders(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw invalid('OTEL_EXPORTER_OTLP_HEADERS', 'is name=value, and more of them behind commas')
      return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]
    }),
  )
}

function readRatio(given: (name: string) => string | undefined): number {
  const sampler = given('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on'
  if (sampler === 'parentbased_always_on') return 1
  if (sampler === 'parentbased_always_off') return 0
  const ratio = Number(given('OTEL_TRACES_SAMPLER_ARG') ?? 1)
  if (sampler === 'parentbased_traceidratio' && ratio >= 0 && ratio <= 1) return ratio
  throw invalid(
    'OTEL_TRACES_SAMPLER',
    'is parentbased_always_on, parentbased_always_off, or parentbased_traceidratio with an OTEL_TRACES_SAMPLER_ARG from 0 to 1',
  )
}

function invalid(name: string, reason: string): FraudError {
  return new FraudError('OPTION_INVALID', `${name} ${reason}`)
}
