import { z } from 'zod'
import { drawRules, listsOf, ruleWordsOf } from './policy-rules.ts'

const changed = z.looseObject({ version: z.number() })
const entriesOfList = 1000

/** Sends a change of the policy; the version after it. */
export async function changePolicy(origin: string, change: unknown): Promise<number> {
  const body = JSON.stringify({ change, why: 'The benchmark' })
  return changed.parse(await send(`${origin}/v1/policy/changes`, 'application/json', body)).version
}

export async function send(url: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

/** Puts so many rules in force, with the lists that they ask; the version after them. */
export async function putRules(origin: string, detectorFile: string, count: number): Promise<number> {
  const words = ruleWordsOf(detectorFile)
  const lists = listsOf(words)
  const rules = drawRules(words, count)
  const version = await changePolicy(origin, {
    kind: 'together',
    changes: [...lists.map((list) => ({ kind: 'list', list })), ...rules.map((rule) => ({ kind: 'rule', rule }))],
  })
  const entries = Array.from({ length: entriesOfList }, (_, i) => JSON.stringify({ value: `${7 * i}` })).join('\n')
  for (const { name } of lists) await send(`${origin}/v1/lists/${name}/entries`, 'application/x-ndjson', entries)
  return version
}
