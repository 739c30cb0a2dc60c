import { FraudError } from '../../core/errors.ts'
import type { Leader } from '../../log/commit-target.ts'
import { connect, unusable } from './connect.ts'
import { Lead } from './lead.ts'
import { migrate } from './schema.ts'
import { placeOf } from './server-address.ts'

/**
 * Keeps others from writing into a database until the lead is given back, or lost, which its `beat` tells.
 *
 * @throws FraudError DIRECTORY_IN_USE, DATABASE_UNUSABLE
 */
export async function holdDatabase(url: string, holder: string, day: string): Promise<Lead> {
  const client = await connect(url)
  try {
    await migrate(client)
    const lead = await Lead.take(client, holder, day, true)
    if (lead instanceof Lead) return lead
    throw inUse(lead, url)
  } catch (cause) {
    await client.end()
    throw unusable(url, cause)
  }
}

export function inUse({ holder }: Leader, url: string): FraudError {
  return new FraudError('DIRECTORY_IN_USE', `Another process works on ${placeOf(url)} (${holder}): stop it first`)
}
