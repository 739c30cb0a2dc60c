import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { formatYaml } from '../core/yaml-file.ts'
import type { SinkFlags } from './label-sink.ts'
import type { Run } from './run.ts'
import { type Answer, type Ask, withService } from './with-service.ts'

export interface ListFlags extends SinkFlags {
  readonly state?: string
  readonly sort?: string
  readonly assignee?: string
  readonly overdue?: boolean
  readonly limit?: string
}

export interface ActFlags extends SinkFlags {
  readonly note?: string
  readonly code?: string
  readonly transactions?: readonly string[]
}

/** `shrike cases list`. */
export async function listCasesOf(flags: ListFlags, run: Run): Promise<void> {
  const { state, sort, assignee, overdue, limit } = flags
  const given = { state, sort, assignee, limit, ...(overdue === true && { overdue: 'true' }) }
  const asked = new URLSearchParams()
  for (const [name, value] of Object.entries(given)) if (value !== undefined) asked.set(name, value)
  await tell(
    flags,
    run,
    (ask) => ask('GET', `/v1/cases?${asked}`),
    ({ cases, cursor }, tellCase) => {
      if (!Array.isArray(cases) || cases.length === 0) return ['there is no such case']
      if (cursor !== null) run.note(`These are the first ${cases.length}, and there are more: --limit, up to 500`)
      return cases.map(tellCase)
    },
  )
}

/** `shrike cases show ID`. */
export async function showCase(id: string, flags: SinkFlags, run: Run): Promise<void> {
  const answer = await withCases(flags, run, (ask) => ask('GET', `/v1/cases/${encodeURIComponent(id)}`))
  run.terminal.say(formatYaml(answer).trimEnd())
  run.terminal.result(answer)
}

/** `shrike cases figures`. */
export async function showFigures(flags: SinkFlags & { readonly from?: string }, run: Run): Promise<void> {
  const query = flags.from === undefined ? '' : `?${new URLSearchParams({ from: flags.from })}`
  const answer = await withCases(flags, run, (ask) => ask('GET', `/v1/cases/figures${query}`))
  run.terminal.say(formatYaml(answer).trimEnd())
  run.terminal.result(answer)
}

/** `shrike cases next`. */
export async function claimNext(flags: SinkFlags, run: Run): Promise<void> {
  await tell(
    flags,
    run,
    (ask) => ask('POST', '/v1/cases/next/claim', {}),
    ({ case: one }, tellCase) => [one === null ? 'nothing is left to take' : tellCase(one)],
  )
}

interface Action {
  /** Missing of a case that is opened. */
  readonly id?: string
  readonly action: string
  readonly body: object
}

/** What is done to one case. */
export async function act({ id, action, body }: Action, flags: SinkFlags, run: Run): Promise<void> {
  const path = id === undefined ? '/v1/cases' : `/v1/cases/${encodeURIComponent(id)}/${action}`
  await tell(
    flags,
    run,
    (ask) => ask('POST', path, body),
    (answer, tellCase) => [tellCase(answer)],
  )
}

/** Prints an answer in lines, amounts as the detector has them. */
async function tell(
  flags: SinkFlags,
  run: Run,
  work: (ask: Ask) => Promise<Answer>,
  lines: (answer: Answer, tellCase: (value: unknown) => string) => readonly string[],
): Promise<void> {
  let detector: Answer = {}
  const answer = await withCases(flags, run, async (ask) => {
    detector = await ask('GET', '/v1/detector')
    return await work(ask)
  })
  for (const line of lines(answer, (value) => lineOf(value, detector.amount))) run.terminal.say(line)
  run.terminal.result(answer)
}

/** `c-17  open  123.46 EUR at stake  2 transactions  card=k-7`. */
function lineOf(value: unknown, amount: unknown): string {
  if (!isRecord(value)) throw new FraudError('OPTION_INVALID', 'The answer is not a case, so it is not from Shrike')
  const { id, state, expectedLossMinor: loss, transactions, keys, claim, assignee } = value
  const stake = typeof loss === 'number' ? [`${majorUnits(loss, amount)} at stake`] : []
  const who = isRecord(claim) ? [`claimed by ${claim.by}`] : assignee ? [`for ${assignee}`] : []
  const [key] = Array.isArray(keys) ? keys : []
  const shownKey = isRecord(key) ? [`${key.key}=${key.value}`] : []
  const count = `${transactions} transaction${transactions === 1 ? '' : 's'}`
  return [id, state, ...stake, count, ...who, ...shownKey].join('  ')
}

/** An amount that is in minor units where the detector's have decimals. */
function majorUnits(minor: number, amount: unknown): string {
  const { digits, currency, currencyField } = isRecord(amount) ? amount : {}
  const places = typeof digits === 'number' ? digits : 0
  const text = (minor / 10 ** places).toLocaleString('en', {
    minimumFractionDigits: places,
    maximumFractionDigits: typeof digits === 'number' ? digits : 2,
  })
  return typeof currency === 'string' && currencyField === undefined ? `${text} ${currency}` : text
}

/** Asks as command:cases. */
function withCases(flags: SinkFlags, run: Run, work: (ask: Ask) => Promise<Answer>): Promise<Answer> {
  return withService(flags, 'command:cases', run, work)
}
