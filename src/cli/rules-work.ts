import { FraudError } from '../core/errors.ts'
import { formatYaml } from '../core/yaml-file.ts'
import { readPolicyFiles } from '../decisioning/index.ts'
import { instantSchema, ruleStateSchema } from '../decisioning/rule-definition.ts'
import { checkRuleFiles } from './check-rules.ts'
import type { SinkFlags } from './label-sink.ts'
import { unknownRule, withPolicy } from './open-policy.ts'
import { readTextFile } from './policy-files.ts'
import { changeOne, type WhyFlags } from './policy-work.ts'
import type { Run } from './run.ts'
import { tellFigures, tellUnknown } from './tell-figures.ts'
import { tellProblem } from './tell-problem.ts'

type Rules = NonNullable<ReturnType<typeof readPolicyFiles>['rules']>

/** `shrike rules list`. */
export async function listRules(flags: SinkFlags, run: Run): Promise<void> {
  const { version, rules } = await withPolicy(flags, run, (target) => target.read())
  for (const { id, state, then, when } of rules.values()) run.terminal.say(`${id}  ${state}  ${then}  ${oneLine(when)}`)
  if (rules.size === 0) run.terminal.say(`there are no rules in version ${version}`)
  run.terminal.result({ version, rules: [...rules.values()] })
}

/** `shrike rules show ID`. */
export async function showRule(id: string, flags: SinkFlags, run: Run): Promise<void> {
  const { rules } = await withPolicy(flags, run, (target) => target.read())
  const rule = rules.get(id)
  if (rule === undefined) throw unknownRule(id)
  run.terminal.say(formatYaml(rule).trimEnd())
  run.terminal.result(rule)
}

/** `shrike rules figures ID`. */
export async function showFigures(id: string, flags: SinkFlags, run: Run): Promise<void> {
  const { unknown, figures } = await withPolicy(flags, run, (target) => target.figures(id))
  for (const each of figures) for (const line of tellFigures(id, each)) run.terminal.say(line)
  if (unknown !== null) run.terminal.say(tellUnknown(unknown))
  run.terminal.result({ id, unknown, figures })
}

/** `shrike rules names`. */
export async function showNames(flags: SinkFlags, run: Run): Promise<void> {
  const names = await withPolicy(flags, run, (target) => target.names())
  const width = Math.max(...names.map(({ name }) => name.length))
  for (const { name, type, from, examples } of names) {
    const shown = examples.map((each) => (typeof each === 'number' ? Number(each.toPrecision(6)) : each)).join(', ')
    run.terminal.say(`${name.padEnd(width)}  ${type.padEnd(9)}  ${from}${shown === '' ? '' : `; such as ${shown}`}`)
  }
  run.terminal.result({ names })
}

/** `shrike rules add FILE`. */
export async function addRules(file: string, flags: WhyFlags, run: Run): Promise<void> {
  const changes = (await readRules(file)).map((rule) => ({ kind: 'rule' as const, rule }))
  await changeOne({ kind: 'together', changes }, flags, run)
}

/** `shrike rules check FILE|DIR`. */
export async function checkRules(path: string, flags: SinkFlags, run: Run): Promise<void> {
  const checked = await withPolicy(flags, run, (target) => checkRuleFiles(path, target))
  for (const { id, kind, place, problems, warnings } of checked) {
    const name = id === '' ? `a ${kind} without a name` : id
    const tell = (each: (typeof problems)[number]) => `${each.place}: ${name}, ${tellProblem(each)}`
    for (const each of warnings) run.terminal.warn(tell(each))
    for (const each of problems) run.terminal.say(tell(each))
    if (problems.length > 0) process.exitCode = 1
    else if (kind === 'rule') run.terminal.say(`${place}: ${name}: fine`)
  }
  run.terminal.result(checked)
}

/** `shrike rules state ID STATE`. */
export async function switchRule(id: string, given: string, flags: WhyFlags, run: Run): Promise<void> {
  const parsed = ruleStateSchema.safeParse(given)
  if (!parsed.success) throw new FraudError('OPTION_INVALID', `The state of a rule: ${parsed.error.issues[0].message}`)
  const state = parsed.data
  await changeOne({ kind: 'rule-state', id, state }, flags, run)
}

/** `shrike rules remove ID`. */
export async function removeRule(id: string, flags: WhyFlags, run: Run): Promise<void> {
  await changeOne({ kind: 'rule-removed', id }, flags, run)
}

interface SnoozeFlags extends WhyFlags {
  readonly of: string
  readonly value: string
  readonly until: string
}

/** `shrike rules snooze ID`. */
export async function snoozeRule(rule: string, flags: SnoozeFlags, run: Run): Promise<void> {
  const { of: key, value, until } = flags
  if (!instantSchema.safeParse(until).success)
    throw new FraudError(
      'OPTION_INVALID',
      `--until ${until}: write a time with its offset, such as 2026-03-01T00:00:00Z`,
    )
  await changeOne({ kind: 'snooze', rule, key, value, until }, flags, run)
}

/** The rules of a file: one, or a list of them, in YAML or JSON. */
export async function readRules(file: string): Promise<Rules> {
  const name = file === '-' ? 'standard input' : file
  const read = await readTextFile(file)
  try {
    const { rules = [] } = readPolicyFiles([{ path: 'rules.yaml', text: read }])
    if (rules.length > 0) return rules
  } catch (error) {
    if (error instanceof FraudError)
      throw new FraudError(error.code, error.message.replaceAll(/^rules\.yaml/gm, name), { cause: error })
    throw error
  }
  throw new FraudError('POLICY_INVALID', `There is no rule in ${name}`)
}

function oneLine(when: string): string {
  return when.replaceAll(/\s+/g, ' ').trim()
}
