import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { option } from '../core/option.ts'
import type { Run } from './run.ts'
import { serviceAddress } from './service-address.ts'
import { askService } from './service-client.ts'

export interface WebhookFlags {
  readonly data: string
  readonly url?: string
  readonly key?: string
  /** Milliseconds. */
  readonly timeout: number
}

export interface ReplayFlags extends WebhookFlags {
  readonly from?: number
  readonly dead?: boolean
}

/** `shrike webhooks list`. */
export async function listWebhooks(flags: WebhookFlags, run: Run): Promise<void> {
  const answer = await ask(flags, run, 'GET', '')
  const endpoints = recordsOf(answer.endpoints)
  for (const { name, origin, events, behind, waiting, delivered, dead, lastFailure } of endpoints) {
    const failed = isRecord(lastFailure) ? `; last failed at ${lastFailure.at}: ${lastFailure.why}` : ''
    const told = Array.isArray(events) ? events.join(', ') : ''
    run.terminal.say(
      `${name}  ${origin}  ${told}  ${delivered} delivered, ${waiting} waiting, ${behind} records behind, ${dead} dead${failed}`,
    )
  }
  if (endpoints.length === 0)
    run.terminal.say(`nobody is told: ${option('webhooks')} of serve names the file that says whom`)
  run.terminal.result(answer)
}

/** `shrike webhooks dead`. */
export async function listDead(name: string, flags: WebhookFlags, run: Run): Promise<void> {
  const answer = await ask(flags, run, 'GET', `/${encodeURIComponent(name)}/dead`)
  for (const { id, at, attempts, why } of recordsOf(answer.letters))
    run.terminal.say(`${id}  given up at ${at} after ${attempts} tries: ${why}`)
  run.terminal.say(`${answer.total} events were not taken`)
  run.terminal.result(answer)
}

/** `shrike webhooks replay`. */
export async function replay(name: string, { from, dead, ...flags }: ReplayFlags, run: Run): Promise<void> {
  if ((from === undefined) === (dead === undefined))
    throw new FraudError('OPTION_INVALID', 'Say either --from with the number of a record, or --dead')
  const body = dead === true ? { dead } : { from }
  const answer = await ask(flags, run, 'POST', `/${encodeURIComponent(name)}/replay`, body)
  run.terminal.say(
    dead === true ? `${answer.events} events are sent once more` : `all from record ${from} on is sent once more`,
  )
  run.terminal.result(answer)
}

async function ask(
  { data, url, key, timeout }: WebhookFlags,
  { signal }: Run,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<Readonly<Record<string, unknown>>> {
  const address = serviceAddress(url, data)
  if (address === undefined)
    throw new FraudError(
      'OPTION_INVALID',
      `No service runs on ${data}, and one that runs sends: start it, or name it with ${option('url')}`,
    )
  const sent = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const client = { url: address, key, deadlineMs: timeout, signal }
  const answer: unknown = JSON.parse(await askService(client, { method, path: `/v1/webhooks${path}`, ...sent }))
  if (isRecord(answer)) return answer
  throw new FraudError('OPTION_INVALID', 'The answer is not JSON, so it is not from Shrike')
}

function recordsOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
