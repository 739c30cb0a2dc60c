import { statSync } from 'node:fs'
import { backtestFile } from '../backtest/backtest-file.ts'
import { backtestLog } from '../backtest/backtest-log.ts'
import type { BacktestResult } from '../backtest/backtest-result.ts'
import type { BacktestRequest, TestedList } from '../backtest/request.ts'
import { FraudError } from '../core/errors.ts'
import type { PolicyDocuments } from '../decisioning/index.ts'
import type { Strength } from '../decisioning/opinion.ts'
import { readPolicyFile } from '../decisioning/policy-documents.ts'
import { type RuleDefinition, ruleSchema } from '../decisioning/rule-definition.ts'
import type { Outcome } from '../detector/detector-schema.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { readDetector } from '../training/find-detector.ts'
import { readBytes } from '../training/read-bytes.ts'
import { type InputRequest, refuseReading } from '../training/read-input.ts'
import { type ForceRequest, replaceFile } from '../training/replace-output.ts'
import { readEntries } from './list-entries-file.ts'
import { requireLog } from './log-files.ts'
import { modelPath } from './model-path.ts'
import { checkOutputs } from './output-paths.ts'
import { readDirectory } from './policy-files.ts'
import { printBacktest } from './print-backtest.ts'
import { readRules } from './rules-work.ts'
import type { Run } from './run.ts'

export interface BacktestFlags extends InputRequest, ForceRequest {
  readonly data: string
  readonly file?: string
  readonly rule?: string
  readonly then?: Outcome
  readonly strength?: Strength
  readonly rules?: string
  readonly list?: string
  readonly of?: string
  readonly effect?: TestedList['effect']
  readonly entries?: string
  readonly policy?: string
  readonly model?: string
  readonly compare?: string
  readonly from?: number
  readonly to?: number
  readonly knownBy?: number
  readonly entriesNow?: boolean
  readonly examples: number
  readonly threads?: number
  readonly report?: string
}

/** `shrike backtest`. */
export async function backtest(flags: BacktestFlags, run: Run): Promise<void> {
  const { file, detector, report } = flags
  await checkOutputs({ '--report': report }, { '--file': file, '--detector': detector, '--policy': flags.policy })
  const request = await requestOf(flags, run)
  const result = await work(request, flags, run)
  printBacktest(result, run.terminal)
  if (report !== undefined) {
    const { renderBacktest } = await import('../backtest/render-backtest.ts')
    await replaceFile(report, renderBacktest(result), flags, run)
    run.terminal.say(`\nreport  ${report}`)
  }
  run.terminal.result(result)
}

async function work(request: BacktestRequest, flags: BacktestFlags, run: Run): Promise<BacktestResult> {
  const { data, detector, file } = flags
  if (file !== undefined) return backtestFile(file, request, flags, run)
  refuseReading(flags)
  requireLog({ data })
  const located = detector === undefined ? undefined : await readDetector(detector, flags)
  return backtestLog({ path: dataDirectory(data).logPath, source: data }, request, located, run)
}

async function requestOf(flags: BacktestFlags, run: Run): Promise<BacktestRequest> {
  const { rule, rules, list, policy, compare, model, from, to, knownBy, entriesNow, examples, threads } = flags
  refuseLonely(flags)
  const written = rules === undefined ? [] : await readRules(rules)
  return {
    rules: [...(rule === undefined ? [] : [ruleOf(rule, flags)]), ...written],
    list: list === undefined ? undefined : await listOf(list, flags, run),
    policy: policy === undefined ? undefined : await readPolicyAt(policy, run),
    compare: compare === undefined ? undefined : await readPolicyAt(compare, run),
    ...{
      bundle: model && modelPath(model, flags.data),
      fromMs: from,
      toMs: to,
      knownByMs: knownBy,
      entriesNow,
      examples,
      threads,
    },
  }
}

/** A flag that says more of something that is not there would have no effect. */
function refuseLonely({ rule, then, strength, list, of, effect, entries }: BacktestFlags): void {
  const ofRule = { then, strength }
  const ofList = { of, effect, entries }
  for (const [name, value] of Object.entries(ofRule))
    if (value !== undefined && rule === undefined) throw lonely(name, 'rule')
  for (const [name, value] of Object.entries(ofList))
    if (value !== undefined && list === undefined) throw lonely(name, 'list')
}

function lonely(flag: string, other: string): FraudError {
  return new FraudError('OPTION_INVALID', `--${flag} says more of --${other}, which is missing`)
}

const testedId = 'tested'

function ruleOf(when: string, { then = 'decline', strength }: BacktestFlags): RuleDefinition {
  const parsed = ruleSchema.safeParse({ id: testedId, when, then, state: 'live', ...(strength && { strength }) })
  if (parsed.success) return parsed.data
  throw new FraudError('OPTION_INVALID', `--rule: ${parsed.error.issues.map(({ message }) => message).join('; ')}`)
}

async function listOf(name: string, { of, effect, entries }: BacktestFlags, run: Run): Promise<TestedList> {
  return { name, of, effect, entries: entries === undefined ? undefined : await readEntries(entries, run) }
}

/** A directory of a policy, or a file that holds one alone. */
async function readPolicyAt(path: string, run: Run): Promise<PolicyDocuments> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return readDirectory(path, run)
  return { policy: readPolicyFile({ path, text: new TextDecoder().decode(await readBytes(path, 'The policy')) }) }
}
