import { createInterface } from 'node:readline/promises'
import { FraudError } from '../core/errors.ts'
import { dataDirectory, readServiceAddress } from '../stores/data-directory.ts'

const patienceMs = 5000

/**
 * The first key, or the first user, of a service that asks for none ends every call without one.
 *
 * @param made what would: "a key"
 */
export async function askBeforeLocking(data: string, made: 'a key' | 'a user'): Promise<void> {
  const url = readServiceAddress(dataDirectory(data))
  if (url === undefined || (await asksForKey(url))) return
  const needed = made === 'a key' ? 'a key' : 'a key or a login'
  const what = `The service on ${url} accepts requests without ${needed} now; once it has ${made} it refuses them`
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new FraudError('OPTION_INVALID', `${what}. Give your callers the key right away, and use --yes`)
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await lines.question(`${what}. Make it? [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) throw new FraudError('INTERRUPTED', `Not made: ${made}`)
  } finally {
    lines.close()
  }
}

/** Whether a running service asks for keys already, by those of its environment say. */
async function asksForKey(url: string): Promise<boolean> {
  try {
    const { status } = await fetch(`${url}/openapi.json`, { signal: AbortSignal.timeout(patienceMs) })
    return status === 401
  } catch {
    return false
  }
}
