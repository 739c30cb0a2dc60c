import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { compareModels } from '../backtest/compare-models.ts'
import { FraudError } from '../core/errors.ts'
import { hasEnded } from '../jobs/job.ts'
import type { TrainingRequest } from '../jobs/request.ts'
import { settleJobs } from '../jobs/runner.ts'
import { decodeBundleOf, readBundle, readBundleBytes } from '../scoring/load-predictor.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { openJobFiles } from '../stores/job-files.ts'
import { championIn, championPath } from './champion.ts'
import { requireDone, runToEnd } from './job-work.ts'
import type { SinkFlags } from './label-sink.ts'
import { openLog, requireLog } from './log-files.ts'
import type { ModelTarget } from './model-target.ts'
import { readGuard } from './models-work.ts'
import { openModels } from './open-models.ts'
import type { Run } from './run.ts'

export interface RetrainFlags extends SinkFlags {
  readonly every: number
  readonly once?: boolean
  readonly minFrauds: number
  readonly allowLeak?: readonly string[]
  readonly acceptLostHistories?: boolean
  readonly canary?: number
  readonly by?: string
  readonly guard?: string
}

const prefix = 'retrain-'
const dayMs = 86_400_000
const shortestMs = 60_000

/** `shrike retrain`: one model for each period, by the clock, until Ctrl-C; with --once for the one that it is. */
export async function retrain(flags: RetrainFlags, run: Run): Promise<void> {
  checkFlags(flags)
  if (flags.guard !== undefined) await readGuard(flags.guard)
  requireLog(flags)
  if (flags.once === true) {
    run.terminal.result(await retrainFor(periodOf(flags, run.nowMs()), flags, run))
    return
  }
  while (!run.signal.aborted) {
    const period = periodOf(flags, run.nowMs())
    try {
      await retrainFor(period, flags, run)
    } catch (error) {
      if (run.signal.aborted) break
      // The next period may do better: labels come, a service is back.
      if (!(error instanceof FraudError)) throw error
      run.warn(`${error.code}: ${error.message}; the next try is at ${timeOf(period.endMs)}`)
    }
    await sleepUntil(period.endMs, run)
  }
  run.terminal.say('stopped')
}

function checkFlags({ every, canary, by, guard }: RetrainFlags): void {
  if (every < shortestMs) throw new FraudError('OPTION_INVALID', '--every is at least 1m')
  const given = [canary, by, guard].filter((each) => each !== undefined).length
  if (given === 0 || given === 3) return
  throw new FraudError(
    'OPTION_INVALID',
    '--canary, --by and --guard belong together: a model goes further than shadow only under a guard that you gave',
  )
}

interface Period {
  /** Of the job, and of the folder that it leaves: there is one of the name. */
  readonly name: string
  readonly endMs: number
}

/** All processes agree on when a period begins, so that none is trained for twice. */
function periodOf({ every }: RetrainFlags, nowMs: number): Period {
  const beginMs = Math.floor(nowMs / every) * every
  return { name: `${prefix}${timeOf(beginMs).replaceAll(':', '')}`, endMs: beginMs + every }
}

const timeOf = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')

interface Done {
  readonly period: string
  readonly state: 'deployed' | 'skipped'
  readonly why?: string
  readonly model?: string
  readonly comparison?: Compared | { readonly missing: string }
  readonly role?: string
  readonly version?: number
  /** Shadows of earlier periods. */
  readonly retired?: readonly string[]
}

async function retrainFor({ name, endMs }: Period, flags: RetrainFlags, run: Run): Promise<Done> {
  const { data } = flags
  const skip = (why: string): Done => {
    run.terminal.say(`${name} is skipped: ${why}`)
    return { period: name, state: 'skipped', why }
  }
  const target = openModels(flags, run, 'command:retrain')
  await refuseOtherService(target, flags)
  const path = join(dataDirectory(data).bundlesPath, name, 'model.safetensors')
  if (!existsSync(path)) {
    const reason = whyNot(name, flags, run)
    if (reason !== undefined) return skip(reason)
    requireDone(await runToEnd(requestOf(name, flags), flags, run))
  }
  const bytes = await readBundleBytes(path)
  const { id } = decodeBundleOf(path, bytes)
  const { models } = await target.list()
  // A process that ended between training and deployment left the rest to this one.
  if (models.some((model) => model.id === id && model.role !== null))
    return skip(`${id} was trained and deployed for this period; the next one begins at ${timeOf(endMs)}`)
  return deployNewcomer({ name, path, bytes, id }, target, flags, run)
}

/**
 * What is trained on one log is not for the service of another: a service elsewhere is one of this directory only if it has
 * the same champion.
 */
async function refuseOtherService(target: ModelTarget, { url, data }: RetrainFlags): Promise<void> {
  if (url === undefined) return
  const { models } = await target.list()
  const theirs = models.find(({ role }) => role === 'champion')?.id
  const ours = championIn(data)?.id
  if (theirs === ours) return
  const tell = (id: string | undefined) => id ?? 'no model'
  throw new FraudError(
    'OPTION_INVALID',
    `${target.where} has ${tell(theirs)} as champion, and the log of ${data} ${tell(ours)}: --url names the service that works on --data, whose log is learned from. Run retrain where that directory is`,
  )
}

interface Newcomer {
  readonly name: string
  readonly path: string
  readonly bytes: Uint8Array
  readonly id: string
}

async function deployNewcomer(
  { name, path, bytes, id }: Newcomer,
  target: ModelTarget,
  flags: RetrainFlags,
  run: Run,
): Promise<Done> {
  const champion = championIn(flags.data)
  const comparison = await compare(path, champion === undefined ? flags.bundle : championPath(champion), flags, run)
  const told = tellComparison(comparison, champion?.id ?? 'the champion')
  run.terminal.say(told)
  const why = `${name}: ${told}`
  await target.add(bytes, { why, parent: champion?.id })
  const shadow = await target.deploy(id, { role: 'shadow' }, { why })
  for (const warning of shadow.warnings) run.warn(warning)
  run.terminal.say(`${id} is shadow in ${target.where} (version ${shadow.version})`)
  const retired = await retireEarlier(id, `${name}: ${id} takes its place`, target, run)
  const further = await goFurther(id, comparison, why, target, flags, run)
  const { role, version } = further ?? shadow
  const kept = typeof comparison === 'string' ? { missing: comparison } : comparison
  return { period: name, state: 'deployed', model: id, comparison: kept, role, version, retired }
}

/** Shadows of earlier periods, which a newer one makes idle; those that somebody else deployed stay. */
async function retireEarlier(id: string, why: string, target: ModelTarget, run: Run): Promise<readonly string[]> {
  const { models } = await target.list()
  const earlier = models.filter(
    (model) => model.role === 'shadow' && model.id !== id && isOfPeriod(model.deployed?.why ?? ''),
  )
  for (const { id: old } of earlier) {
    await target.deploy(old, { role: 'retired' }, { why })
    run.terminal.say(`${old}, a shadow of an earlier period, is retired`)
  }
  return earlier.map((model) => model.id)
}

const isOfPeriod = (why: string) => /^retrain-\d{4}-\d{2}-\d{2}T\d{6}Z: /.test(why)

/** Why nothing is trained now; undefined where something is. */
function whyNot(name: string, { data, minFrauds }: RetrainFlags, run: Run): string | undefined {
  const store = openJobFiles(dataDirectory(data))
  settleJobs(store, run.nowMs())
  const jobs = store.list().filter(({ request }) => request.name.startsWith(prefix))
  if (jobs.some((job) => job.request.name === name && !hasEnded(job))) return 'it is being trained already'
  const last = jobs.findLast(({ state }) => state === 'done')
  const sinceMs = last?.createdMs ?? Number.NEGATIVE_INFINITY
  const log = openLog({ data })
  try {
    const frauds = new Set<string>()
    for (const { id, isFraud, receivedAtMs } of log.allLabels()) if (isFraud && receivedAtMs > sinceMs) frauds.add(id)
    if (frauds.size >= minFrauds) return undefined
    const since = last === undefined ? 'in the log' : `since ${last.request.name}`
    return `there are too few new labels: ${frauds.size} of fraud ${since}, and --min-frauds is ${minFrauds}`
  } finally {
    log.close()
  }
}

function requestOf(name: string, { allowLeak, acceptLostHistories }: RetrainFlags): TrainingRequest {
  return {
    ...{ kind: 'training', name },
    ...(allowLeak && { allowLeak: [...allowLeak] }),
    ...(acceptLostHistories !== undefined && { acceptLostHistories }),
  }
}

/** How the newcomer does beside the champion, on what neither learned from. */
interface Compared {
  readonly first: number
  readonly second: number
  readonly difference: number
  readonly lower: number
  readonly upper: number
  readonly rows: number
  readonly frauds: number
}

/** @returns why they can't be compared, where they can't */
async function compare(path: string, champion: string | undefined, { data }: RetrainFlags, run: Run) {
  if (champion === undefined) return 'no model was deployed as champion, and --bundle names none'
  const { training, seed } = await readBundle(path)
  if (training.split.by !== 'time' || training.split.testFrom === undefined)
    return 'the new model was not tested on later rows'
  try {
    const { labels, notes } = await compareModels(
      {
        bundles: [champion, path],
        source: { log: { path: dataDirectory(data).logPath, source: data } },
        ...{ includeTraining: false, unit: 'transaction', replicates: 1000, seed, explains: false },
      },
      run,
    )
    const { a: first, b: second, difference } = labels?.metrics.averagePrecision ?? {}
    if (labels === null || first == null || second == null || difference == null) return notes.join('; ')
    const { value, lower, upper } = difference
    return { first, second, difference: value, lower, upper, rows: labels.transactions, frauds: labels.frauds }
  } catch (error) {
    if (error instanceof FraudError && error.code !== 'INTERRUPTED') return error.message
    throw error
  }
}

function tellComparison(comparison: Compared | string, champion: string): string {
  if (typeof comparison === 'string') return `not compared: ${comparison}`
  const { first, second, difference, lower, upper, rows, frauds } = comparison
  const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(4)}`
  return (
    `average precision ${second.toFixed(4)} against ${first.toFixed(4)} of ${champion}, ${signed(difference)} ` +
    `(95 % ${signed(lower)} to ${signed(upper)}), on ${rows.toLocaleString('en')} rows with ${frauds} frauds`
  )
}

/** Only where flags say so, the interval is better as a whole, and no other canary would be put aside. */
async function goFurther(
  id: string,
  comparison: Compared | string,
  why: string,
  target: ModelTarget,
  { canary: share, by, guard }: RetrainFlags,
  run: Run,
) {
  if (share === undefined || guard === undefined) return undefined
  const { models } = await target.list()
  const other = models.find(({ role }) => role === 'canary')
  if (typeof comparison === 'string' || comparison.lower <= 0) {
    run.terminal.say('it stays shadow: it is not better for sure')
    return undefined
  }
  if (other !== undefined) {
    run.terminal.say(`it stays shadow: ${other.id} is canary`)
    return undefined
  }
  const deployed = await target.deploy(id, { role: 'canary', share, by, guard: await readGuard(guard) }, { why })
  for (const warning of deployed.warnings) run.warn(warning)
  run.terminal.say(`${id} is canary in ${target.where} (version ${deployed.version})`)
  return deployed
}

/** A timer takes no more than 24 days. */
async function sleepUntil(endMs: number, { nowMs, signal, terminal }: Run): Promise<void> {
  terminal.say(`the next period begins at ${timeOf(endMs)}`)
  while (!signal.aborted && nowMs() < endMs)
    await sleep(Math.min(endMs - nowMs(), dayMs), undefined, { signal }).catch(() => {})
}
