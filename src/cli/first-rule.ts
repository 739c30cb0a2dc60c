import { isRecord } from '../core/json-value.ts'

/** Counted from the start and without effect: for somebody to look at, to test on the past and to switch on. */
const rule = {
  id: 'bad-terminal',
  when: 'terminal_fraud_rate_7d > 0.1',
  then: 'review',
  state: 'shadow',
  reason: 'More than a tenth of what this terminal took in a week was fraud',
}

/** Gives a new data directory its first rule; where rules were ever written nothing is added. */
export async function offerFirstRule(url: string, apiKey: string | undefined): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
  }
  const known = await fetch(`${url}/v1/rules`, { headers })
  // Where somebody has to log in and no key is given, there are people already, and rules are theirs.
  if (!known.ok) return
  const answer: unknown = await known.json()
  // The first version is the bundle's own policy.
  if (!isRecord(answer) || Number(answer.version) > 1 || Object(answer.rules).length > 0) return
  await fetch(`${url}/v1/rules`, { method: 'POST', headers, body: JSON.stringify(rule) })
}
