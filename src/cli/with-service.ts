import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import type { SinkFlags } from './label-sink.ts'
import { requireLog } from './log-files.ts'
import { openForCommand } from './open-service.ts'
import type { Run } from './run.ts'
import { servedIn } from './served.ts'
import { serviceAddress } from './service-address.ts'
import { askService } from './service-client.ts'

export type Answer = Readonly<Record<string, unknown>>
/** Asks a route, of a service or of one in this process. */
export type Ask = (method: 'GET' | 'POST', path: string, body?: object) => Promise<Answer>

/**
 * Asks the service at the URL, else the one on the data directory, else one in this process on the directory itself.
 *
 * @param by who asks where there is no service.
 */
export async function withService(
  flags: SinkFlags,
  by: string,
  run: Run,
  work: (ask: Ask) => Promise<Answer>,
): Promise<Answer> {
  const { data, url, key, timeout, ...named } = flags
  const address = serviceAddress(url, data)
  if (address !== undefined) {
    const client = { url: address, key, deadlineMs: timeout, signal: run.signal }
    return await work(async (method, path, body) => {
      const sent = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      return asAnswer(JSON.parse(await askService(client, { method, path, ...sent })))
    })
  }
  requireLog({ data })
  const { askInProcess } = await import('./ask-in-process.ts')
  const opened = await openForCommand(servedIn(data, named), data, { acceptLostHistories: false }, run)
  try {
    return await askInProcess(opened.service, by, async (ask) =>
      work(async (method, path, body) => asAnswer(await ask(method, path, body))),
    )
  } finally {
    await opened.close()
  }
}

function asAnswer(value: unknown): Answer {
  if (isRecord(value)) return value
  throw new FraudError('OPTION_INVALID', 'The answer is not JSON, so it is not from Shrike')
}
