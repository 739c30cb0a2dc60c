import { FraudError } from '../../core/errors.ts'

/** What no waiting cures. */
const lasting: ReadonlySet<unknown> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'UNSUPPORTED_VERSION',
])

/**
 * Whether it may work if it is tried again: a broker is away, or leaders change.
 *
 * @throws FraudError KAFKA_REFUSED where Kafka says that it never will.
 */
export function isPassingInKafka(error: unknown): boolean {
  if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('PLT_KFK_'))) return false
  if (isLasting(error)) throw new FraudError('KAFKA_REFUSED', `Kafka refuses it: ${whyKafka(error)}`, { cause: error })
  return true
}

/** The same with a code and Kafka's reason, for a command that can't go on without it. @throws FraudError KAFKA_REFUSED */
export function tellKafkaError(error: unknown): unknown {
  if (error instanceof FraudError || !isPassingInKafka(error)) return error
  return new FraudError('LOG_UNAVAILABLE', `Kafka could not do it: ${whyKafka(error)}`, { cause: error })
}

/** Whether Kafka refuses something that no waiting cures: rights, a login, a size, a version. */
export function isLasting(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { errors, apiId, code } = error as { errors?: readonly unknown[]; apiId?: unknown; code?: unknown }
  return lasting.has(apiId) || code === 'PLT_KFK_AUTHENTICATION' || [...(errors ?? []), error.cause].some(isLasting)
}

/** Why Kafka could not do it, in a few words: the package tells of every try. */
export function whyKafka(error: unknown): string {
  for (let each = error; each instanceof Error; ) {
    const { errors } = each as { readonly errors?: readonly unknown[] }
    const inner = errors?.at(-1) ?? each.cause
    if (!(inner instanceof Error)) return each.message || String(each)
    each = inner
  }
  return String(error)
}
