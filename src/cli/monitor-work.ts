import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import type { AlertEvent } from '../monitoring/alert.ts'
import { sendAlert } from '../monitoring/webhook-sink.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import type { SinkFlags } from './label-sink.ts'
import { alertWebhook } from './log-files.ts'
import type { Run } from './run.ts'
import { type Answer, withService } from './with-service.ts'

export interface DriftFlags extends SinkFlags {
  readonly against?: string
}

const by = 'command:monitor'

/** `shrike monitor drift`. */
export async function showDrift({ against, ...flags }: DriftFlags, run: Run): Promise<void> {
  const query = against === undefined ? '' : `?against=${against}`
  const answer = await withService(flags, by, run, (ask) => ask('GET', `/v1/monitoring/drift${query}`))
  const { terminal } = run
  for (const [side, reason] of Object.entries(isRecord(answer.notCompared) ? answer.notCompared : {})) {
    terminal.say(`not compared with ${side}: ${reason}`)
  }
  for (const each of recordsOf(answer, 'features')) {
    const { feature, against: side, isDrift, psi, mean, missing } = each
    const moved = [textOfMove('mean', mean), textOfMove('missing', missing)].filter((part) => part !== '')
    const mark = isDrift === true ? 'DRIFT ' : '      '
    terminal.say([`${mark}${feature ?? 'score'} against ${side}`, `PSI ${figure(psi)}`, ...moved].join('  '))
  }
  for (const { name, share, pastShare, isChanged } of recordsOf(isRecord(answer.rates) ? answer.rates : {}, 'rates')) {
    const mark = isChanged === true ? 'CHANGED ' : '        '
    terminal.say(`${mark}${name}  ${figure(share)} of decisions, before ${figure(pastShare)}`)
  }
  terminal.result(answer)
}

/** `shrike monitor performance`. */
export async function showPerformance(flags: SinkFlags, run: Run): Promise<void> {
  const answer = await withService(flags, by, run, (ask) => ask('GET', '/v1/monitoring/performance'))
  const weeks = recordsOf(answer, 'weeks')
  for (const { week, model, isMature, decisions, frauds, precision, recall, averagePrecision, calibration } of weeks) {
    const parts = [
      `${String(week).slice(0, 10)}  ${model ?? 'rules and lists'}${isMature === true ? '' : ' (not mature)'}`,
      `${decisions} decisions, ${frauds} frauds`,
      `precision ${figure(precision)}`,
      `recall ${figure(recall)}`,
      `average precision ${figure(averagePrecision)}`,
      `calibration ${figure(calibration)}`,
    ]
    run.terminal.say(parts.join('  '))
  }
  if (weeks.length === 0) run.terminal.say('nothing was decided yet')
  run.terminal.result(answer)
}

/** `shrike monitor alerts`. */
export async function showAlerts(flags: SinkFlags, run: Run): Promise<void> {
  const answer = await withService(flags, by, run, (ask) => ask('GET', '/v1/alerts'))
  const firing = recordsOf(answer, 'firing')
  for (const { severity, alert, since, text } of firing)
    run.terminal.say(`${severity}  ${alert}  since ${since}  ${text}`)
  if (firing.length === 0) run.terminal.say('no alert holds')
  run.terminal.result(answer)
}

/** `shrike monitor resend`. */
export async function resendAlerts({ data }: Pick<SinkFlags, 'data'>, run: Run): Promise<void> {
  const target = alertWebhook()
  if (target === undefined) throw new FraudError('OPTION_INVALID', 'SHRIKE_ALERT_WEBHOOK names no webhook')
  const path = `${dataDirectory(data).alertsPath}.dead.ndjson`
  const taken = `${path}.sending`
  // A service may add to the file meanwhile; what a run before left behind goes first.
  if (!existsSync(taken) && existsSync(path)) renameSync(path, taken)
  const lines = existsSync(taken)
    ? readFileSync(taken, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
  const left: string[] = []
  for (const line of lines) {
    const event: AlertEvent = JSON.parse(line)
    const why = await sendAlert(target, event, Date.now())
    if (why === undefined) continue
    left.push(line)
    run.terminal.warn(`alert ${event.sequence} was not sent: ${why}`)
  }
  if (existsSync(taken)) writeFileSync(taken, left.map((line) => `${line}\n`).join(''), { mode: 0o600 })
  run.terminal.say(`${lines.length - left.length} alerts sent, ${left.length} left`)
  run.terminal.result({ sent: lines.length - left.length, left: left.length })
}

function recordsOf(answer: Answer, name: string): readonly Answer[] {
  const all = answer[name]
  return Array.isArray(all) ? all.filter(isRecord) : []
}

function textOfMove(name: string, value: unknown): string {
  if (!isRecord(value) || typeof value.from !== 'number' || typeof value.to !== 'number') return ''
  return value.from === value.to ? '' : `${name} ${short(value.from)} -> ${short(value.to)}`
}

/** `0.12 (0.10 to 0.15)`. */
function figure(value: unknown): string {
  if (!isRecord(value) || typeof value.value !== 'number') return 'unknown'
  return `${short(value.value)} (${short(Number(value.lower))} to ${short(Number(value.upper))})`
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}
