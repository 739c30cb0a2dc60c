import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { FraudError } from '../core/errors.ts'
import { formatYaml } from '../core/yaml-file.ts'
import { readPolicyFiles } from '../decisioning/index.ts'
import { instantSchema, ruleStates } from '../decisioning/rule-definition.ts'
import type { SinkFlags } from './label-sink.ts'
import { withPolicy } from './open-policy.ts'
import { changeOne, type WhyFlags } from './policy-work.ts'
import type { Run } from './run.ts'
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
  if (rule === undefined) {
    throw new FraudError('OPTION_INVALID', `There is no rule ${id}`, {
      hint: 'shrike rules list shows those there are',
    })
  }
  run.terminal.say(formatYaml(rule).trimEnd())
  run.terminal.result(rule)
}

/** `shrike rules add FILE`. */
export async function addRules(file: string, flags: WhyFlags, run: Run): Promise<void> {
  const changes = (await readRules(file)).map((rule) => ({ kind: 'rule' as const, rule }))
  await changeOne({ kind: 'together', changes }, flags, run)
}

/** `shrike rules check FILE`. */
export async function checkRules(file: string, flags: SinkFlags, run: Run): Promise<void> {
  const rules = await readRules(file)
  const checked = await withPolicy(flags, run, async (target) => {
    const answers = []
    for (const rule of rules) answers.push({ id: rule.id, ...(await target.checkRule(rule)) })
    return answers
  })
  for (const { id, problems, warnings } of checked) {
    for (const each of warnings) run.terminal.warn(`${id}, ${tellProblem(each)}`)
    for (const each of problems) run.terminal.say(`${id}, ${tellProblem(each)}`)
    if (problems.length === 0) run.terminal.say(`${id}: fine`)
    else process.exitCode = 1
  }
  run.terminal.result(checked)
}

/** `shrike rules state ID STATE`. */
export async function switchRule(id: string, given: string, flags: WhyFlags, run: Run): Promise<void> {
  const state = ruleStates.find((each) => each === given)
  if (state === undefined) throw new FraudError('OPTION_INVALID', `A rule's state is one of ${ruleStates.join(', ')}`)
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
  const content = file === '-' ? text(process.stdin) : readFile(file, 'utf8')
  const read = await content.catch((cause: unknown) => {
    throw new FraudError('FILE_UNREADABLE', `${name} can't be read, or there is no such file`, { cause })
  })
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
