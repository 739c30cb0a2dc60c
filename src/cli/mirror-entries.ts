import { FraudError } from '../core/errors.ts'
import type { PolicyTarget } from './policy-target.ts'

type Entries = Pick<PolicyTarget, 'entries' | 'change'>

const entriesAtOnce = 1000

/** The number of a list's newest entry; 0 where there is none. */
export async function lastNumber(target: Pick<Entries, 'entries'>, list: string): Promise<number> {
  let last = 0
  for await (const { number } of target.entries(list)) last = number
  return last
}

/**
 * Takes off what was on a list and was not added again since. Numbers tell, and not values: a file has persons in clear,
 * and the list has their tokens.
 *
 * @param last the number of the newest entry before the file was added.
 * @returns how many there were.
 */
export async function takeUpTo(
  last: number,
  target: Entries,
  list: string,
  { why }: { readonly why?: string | undefined },
  signal: AbortSignal,
): Promise<number> {
  const old = await valuesUpTo(last, target, list)
  for (let from = 0; from < old.length; from += entriesAtOnce) {
    if (signal.aborted) {
      const message = `Stopped before the end; entries that were taken off: ${from} of ${old.length}. The same file may be sent again`
      throw new FraudError('INTERRUPTED', message)
    }
    await target.change({ kind: 'entries', list, remove: old.slice(from, from + entriesAtOnce) }, { why })
  }
  const left = (await valuesUpTo(last, target, list)).length
  if (left === 0) return old.length
  throw new FraudError(
    'POLICY_VALUES_LOST',
    `Of ${old.length} entries that the file does not have ${left} could not be taken off ${list}: their values are not kept in ` +
      'the form of the key any more. Remove the list, and make it again',
  )
}

async function valuesUpTo(last: number, target: Pick<Entries, 'entries'>, list: string): Promise<readonly string[]> {
  const values: string[] = []
  for await (const { value, number } of target.entries(list)) {
    if (number > last) break
    values.push(value)
  }
  return values
}
