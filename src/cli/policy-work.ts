import { FraudError } from '../core/errors.ts'
import { formatYaml } from '../core/yaml-file.ts'
import { changeTo, type Definitions, type PolicyDocuments, tellChange } from '../decisioning/index.ts'
import type { ForceRequest } from '../training/replace-output.ts'
import type { SinkFlags } from './label-sink.ts'
import { withPolicy } from './open-policy.ts'
import { readDirectory, writeDirectory } from './policy-files.ts'
import type { ChangeAnswer, PolicyTarget } from './policy-target.ts'
import type { Run } from './run.ts'
import { tellProblem } from './tell-problem.ts'
import type { Terminal } from './terminal.ts'

export interface WhyFlags extends SinkFlags {
  readonly why?: string
}

/** `shrike policy pull DIR`. */
export async function pull(directory: string, flags: SinkFlags & ForceRequest, run: Run): Promise<void> {
  const now = await withPolicy(flags, run, (target) => target.read())
  const written = await writeDirectory(directory, now, flags, run)
  const files = written.length === 0 ? 'nothing had to be written' : written.join(', ')
  run.terminal.say(`version ${now.version} in ${directory}: ${files}`)
  run.terminal.result({ version: now.version, written })
}

/** `shrike policy diff DIR`. */
export async function diff(
  directory: string,
  flags: SinkFlags & { readonly exitCode?: boolean },
  run: Run,
): Promise<void> {
  const documents = await readDirectory(directory, run)
  const now = await withPolicy(flags, run, (target) => target.read())
  const changes = differences(now, documents)
  for (const line of changes) run.terminal.say(line)
  if (changes.length === 0) run.terminal.say(`${directory} says what is in force (version ${now.version})`)
  run.terminal.result({ version: now.version, changes })
  if (changes.length > 0 && flags.exitCode === true) process.exitCode = 1
}

interface ApplyFlags extends WhyFlags {
  readonly dryRun?: boolean
  readonly ifVersion?: number
}

/** `shrike policy apply DIR`. */
export async function apply(directory: string, flags: ApplyFlags, run: Run): Promise<void> {
  const documents = await readDirectory(directory, run)
  await withPolicy(flags, run, async (target) => {
    const now = await target.read()
    const { ifVersion = now.version, why } = flags
    if (ifVersion !== now.version) {
      const message = `The policy is in version ${now.version}, and what was meant to be changed is version ${ifVersion}`
      throw new FraudError('POLICY_CHANGED', message, {
        hint: `shrike policy diff ${directory} shows what is different`,
      })
    }
    const change = changeTo(now, documents)
    const changes = differences(now, documents)
    for (const line of changes) run.terminal.say(line)
    if (change === undefined) {
      run.terminal.say(`nothing to do: ${directory} says what is in force (version ${now.version})`)
      run.terminal.result({ version: now.version, changes, warnings: [] })
      return
    }
    if (flags.dryRun === true) {
      const { problems, warnings } = await target.checkChange(change)
      for (const warning of warnings) run.terminal.warn(tellProblem(warning))
      if (problems.length > 0) {
        const told = problems.map((problem) => `\n  ${tellProblem(problem)}`).join('')
        throw new FraudError('INPUT_INVALID', `The change can not be put in force${told}`, { errors: problems })
      }
      run.terminal.say(`nothing was changed: version ${now.version} is in force`)
      run.terminal.result({ version: now.version, changes, warnings })
      return
    }
    const answer = await target.change(change, { why, ifVersion })
    tellChanged(answer, target, run)
    run.terminal.result({ version: answer.version, changes, warnings: answer.warnings })
  })
}

/** `shrike policy show`. */
export async function show(flags: SinkFlags, run: Run): Promise<void> {
  const { version, policy, rules, lists, tripped, features, reviews } = await withPolicy(flags, run, (target) =>
    target.read(),
  )
  const { terminal } = run
  terminal.say(`# version ${version}; rules: ${rules.size}, lists: ${lists.size}`)
  if (tripped.length > 0) terminal.warn(`fuses that have tripped: ${tripped.join(', ')}`)
  const filling = features.filter(({ state }) => state === 'filling').map(({ name }) => name)
  if (filling.length > 0)
    terminal.warn(`features that are being filled from the log, and unknown until then: ${filling.join(', ')}`)
  for (const { name, state, reason } of features)
    if (state === 'failed') terminal.warn(`${name} can't be computed, and is unknown to rules: ${reason}`)
  if (reviews !== undefined) tellReviews(reviews, terminal)
  terminal.say(formatYaml(policy).trimEnd())
  const all = { rules: [...rules.values()], lists: [...lists.values()] }
  terminal.result({ version, policy, ...all, tripped, features, reviews })
}

function tellReviews(
  { last24h, perDay }: { readonly last24h: number; readonly perDay: number | null },
  terminal: Terminal,
) {
  const told = `reviews in the last 24 hours: ${last24h}${perDay === null ? '' : ` of ${perDay} a day that people can do`}`
  if (perDay !== null && last24h > perDay) terminal.warn(told)
  else terminal.say(`# ${told}`)
}

/** `shrike policy versions`. */
export async function versions(flags: SinkFlags, run: Run): Promise<void> {
  const steps = await withPolicy(flags, run, (target) => target.steps())
  for (const { version, at, by, why, changes } of steps) {
    run.terminal.say(`${version}  ${at}  ${by}${why === undefined ? '' : `: ${why}`}`)
    for (const line of changes) run.terminal.say(`    ${line}`)
  }
  if (steps.length === 0) run.terminal.say("nobody has changed the policy yet: it is the detector's")
  run.terminal.result(steps)
}

/** `shrike policy rollback VERSION`. */
export async function rollback(to: number, flags: WhyFlags, run: Run): Promise<void> {
  await changeOne({ kind: 'rollback', to }, flags, run)
}

/** `shrike policy reset-fuse ID`. */
export async function resetFuse(fuse: string, flags: WhyFlags, run: Run): Promise<void> {
  await changeOne({ kind: 'fuse-reset', fuse }, flags, run)
}

/** Makes one change, and tells which version is in force then. */
export async function changeOne(
  change: Parameters<PolicyTarget['change']>[0],
  flags: WhyFlags,
  run: Run,
): Promise<void> {
  await withPolicy(flags, run, async (target) => {
    const answer = await target.change(change, flags)
    tellChanged(answer, target, run)
    run.terminal.result(answer)
  })
}

function tellChanged({ version, warnings }: ChangeAnswer, { where }: PolicyTarget, { terminal }: Run): void {
  for (const warning of warnings) terminal.warn(tellProblem(warning))
  terminal.say(`version ${version} is in force in ${where}`)
}

function differences(now: Definitions, documents: PolicyDocuments): readonly string[] {
  const change = changeTo(now, documents)
  return change === undefined ? [] : tellChange(now, change, () => undefined)
}
