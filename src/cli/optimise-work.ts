import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { updateYaml } from '../core/yaml-file.ts'
import { costsSchema } from '../decisioning/costs.ts'
import type { PolicyDefinition } from '../decisioning/policy-definition.ts'
import { readPolicyFile } from '../decisioning/policy-documents.ts'
import type { Thresholds } from '../decisioning/thresholds.ts'
import { inMemory } from '../detector/detector.ts'
import type { OptimisedPolicy, PolicyCost, Stakes } from '../evaluation/policy/optimise-policy.ts'
import { type Estimate, showEstimate } from '../evaluation/supported-digits.ts'
import { compileDetector } from '../features/feature-set.ts'
import { createRowsScorer, readBundle } from '../scoring/load-predictor.ts'
import { warningsOfDeclined } from '../training/declined-rows.ts'
import { chooseFreshRows } from '../training/fresh-rows.ts'
import type { LossRequest } from '../training/logged-rows.ts'
import { optimiseRows, withOptimum } from '../training/optimise-rows.ts'
import { readBytes } from '../training/read-bytes.ts'
import type { InputRequest } from '../training/read-input.ts'
import { readRowsFor } from '../training/read-labelled-rows.ts'
import { rejectsOf } from '../training/rejects.ts'
import { type ForceRequest, replaceFile } from '../training/replace-output.ts'
import { scoreRows, withProbabilities } from '../training/scored-rows.ts'
import { refuseIdleHistory } from './cold-histories.ts'
import { readFileOrLog } from './file-or-log.ts'
import { checkOutputs } from './output-paths.ts'
import type { Run } from './run.ts'
import type { Terminal } from './terminal.ts'

export interface OptimiseFlags extends InputRequest, ForceRequest, LossRequest {
  readonly policy: string
  readonly data: string
  readonly fromLog?: boolean
  readonly reviewsPerDay?: number
  readonly out?: string
  readonly includeTraining?: boolean
  readonly seed: number
}

/** `shrike policy optimise`: searches, tells what it found, and writes the policy with it where a file is named. */
export async function optimise(
  bundlePath: string,
  file: string | undefined,
  flags: OptimiseFlags,
  run: Run,
): Promise<void> {
  await checkOutputs(
    { '--out': flags.out, '--rejects': rejectsOf(flags) },
    // The policy may be updated where it is: it is read before, and kept under a numbered name.
    { BUNDLE: bundlePath, FILE: file, '--history': flags.history },
  )
  const { out, policy: path } = flags
  const text = new TextDecoder().decode(await readBytes(path, 'The policy'))
  const policy = readPolicyFile({ path, text })
  const write = (found: PolicyDefinition) =>
    out === undefined ? undefined : replaceFile(out, withFound(text, found), flags, run)
  await optimisePolicy({ ...flags, bundle: bundlePath, file, policy }, write, run)
  if (out !== undefined) run.terminal.say(`\npolicy  ${out}`)
}

interface OptimiseOptions extends Omit<OptimiseFlags, 'policy' | 'out'> {
  readonly bundle: string
  readonly file: string | undefined
  readonly policy: PolicyDefinition
}

/** The policy as its file has it, comments and all, with what was found. */
function withFound(text: string, { thresholds, segments, costs }: PolicyDefinition): string {
  return updateYaml(text, { thresholds, ...(segments && { segments }), costs })
}

/** @param write keeps the policy with what was found. */
export async function optimisePolicy(
  options: OptimiseOptions,
  write: (found: PolicyDefinition) => Promise<unknown> | undefined,
  run: Run,
): Promise<void> {
  const { terminal, signal } = run
  const { policy, seed } = options
  const costs = costsOf(policy, options)
  const bundle = await readBundle(options.bundle)
  refuseIdleHistory(options.history, compileDetector(bundle.detector).plan)
  const located = { detector: bundle.detector, locate: inMemory }
  const read = (file: string) => readRowsFor(located, file, options, run)
  const rows = await readFileOrLog(options.file, options, run, read, located)
  const unlike = rows.declined === undefined ? [] : warningsOfDeclined(rows.declined)
  for (const warning of unlike) run.warn(warning)
  const { part, ...choice } = chooseFreshRows(rows, bundle, options, run)
  const progress = terminal.begin('search')
  const scored = withProbabilities(
    await scoreRows(rows, part, createRowsScorer(bundle), rows.weights),
    bundle.calibration,
  )
  const found = optimiseRows(rows, bundle.detector, scored, choice, { policy, costs, seed })
  progress.end(`${part.length.toLocaleString('en')} rows`)
  throwIfInterrupted(signal)
  tellPolicies(found, terminal)
  if (found.stakes?.isOff === true) terminal.warn(wordsForStakes(found.stakes, found.days))
  const optimum = withOptimum(policy, costs, found)
  await write(optimum)
  terminal.result({ ...found, policy: optimum })
}

function costsOf({ costs }: PolicyDefinition, { reviewsPerDay: perDay }: Pick<OptimiseFlags, 'reviewsPerDay'>) {
  if (costs === undefined) {
    throw new FraudError(
      'POLICY_INVALID',
      'The policy has no costs; say what a missed fraud, a wrong decline and a review cost',
    )
  }
  if (perDay === undefined) return costs
  if (costs.review === undefined) {
    throw new FraudError('OPTION_INVALID', '--reviews-per-day: the costs of the policy say nothing of reviews')
  }
  return costsSchema.parse({ ...costs, review: { ...costs.review, perDay } })
}

function tellPolicies(found: OptimisedPolicy, { say }: Terminal): void {
  const { current, byThresholds, byCosts, curve, moves } = found
  say(
    `\n${found.rows.toLocaleString('en')} rows over ${found.days.toFixed(1)} days, ${found.frauds.toLocaleString('en')} frauds${tellWeighted(found)}; all figures a day, with 95 % intervals\n`,
  )
  tellCost('in force', current, say, false)
  tellCost('thresholds', byThresholds, say)
  for (const [segment, thresholds] of Object.entries(byThresholds.segments))
    say(`${''.padEnd(14)}${segment}: ${showThresholds(thresholds)}`)
  tellCost('least cost', byCosts, say)
  say(`${''.padEnd(14)}a review's place is worth ${money(byCosts.capacityPrice)}`)
  for (const { from, to, perDay } of moves)
    say(`  ${perDay.toFixed(1).padStart(10)} a day go from ${from} to ${to} by the thresholds`)
  if (curve.length === 0) return
  say('\n  reviews a day   expected cost by thresholds   by least cost')
  for (const { reviewsPerDay, thresholds, costs } of curve)
    say(`${reviewsPerDay.toFixed(1).padStart(15)}${money(thresholds).padStart(30)}${money(costs).padStart(16)}`)
}

function tellWeighted({ weighted }: OptimisedPolicy): string {
  if (weighted === undefined) return ''
  const show = (count: number) => Math.round(count).toLocaleString('en')
  return ` (weighed by the control group, ${show(weighted.rows)} rows with ${show(weighted.frauds)} frauds)`
}

/** Whether to trust expected costs. */
function wordsForStakes({ rows, expected, frauds }: Stakes, days: number): string {
  const aDay = (count: number) => (count / days).toFixed(1)
  return (
    `Of the ${aDay(rows)} rows a day that least cost would have looked at, the model expects ${aDay(expected)} to be fraud, and ${aDay(frauds)} ` +
    'were: its probabilities are off where decisions turn, so expected costs are, too. Deciding by cost suffers more from that ' +
    'than thresholds do; train so that more frauds are held out for calibration (from 1,000 on it bends where it has to)'
  )
}

function tellCost(name: string, cost: PolicyCost, say: Terminal['say'], isOther = true): void {
  const { expected, realised, change, outcomes, busiestReviews } = cost
  const against = isOther ? `; against what is in force ${range(change)}` : ''
  say(`${name.padEnd(14)}expected ${money(expected)}, real ${range(realised)}${against}`)
  const counts = Object.entries(outcomes).map(([outcome, perDay]) => `${outcome} ${perDay.toFixed(1)}`)
  say(`${''.padEnd(14)}${counts.join(', ')}; at most ${busiestReviews} reviews on a day`)
}

function range(estimate: Estimate): string {
  const { value, lower, upper } = showEstimate(estimate)
  return `${value} (${lower} to ${upper})`
}

function showThresholds(thresholds: Thresholds): string {
  const given = Object.entries(thresholds).map(
    ([outcome, threshold]) => `${outcome} from ${Number(threshold.toPrecision(4))}`,
  )
  return given.length === 0 ? 'approve everything' : given.join(', ')
}

function money(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 })
}
