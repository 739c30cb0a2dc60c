import { existsSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { type DecisionExplanation, type ExplainingModel, explainDecision } from '../deciding/explain-decision.ts'
import { createExplainer } from '../models/explanation.ts'
import { formatGeneral } from '../pages/format.ts'
import { mostPictured, mostTelling, renderDecision, tellSilent, tellValues } from '../pages/render-decision.ts'
import { createPredictor, readBundle } from '../scoring/load-predictor.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { openModelFiles } from '../stores/model-files.ts'
import { type ForceRequest, replaceFile } from '../training/replace-output.ts'
import { openLog } from './log-files.ts'
import { checkOutputs } from './output-paths.ts'
import type { Run } from './run.ts'

export interface DecidedFlags extends ForceRequest {
  readonly data: string
  readonly id?: string
  readonly rule?: string
  readonly bundle?: string
  readonly out?: string
}

/** Explains a decision of a data directory's log, beside a service or without one. */
export async function explainDecided(flags: DecidedFlags, run: Run): Promise<void> {
  const { data, id, rule, out } = flags
  const { terminal } = run
  if (id === undefined) throw new FraudError('OPTION_INVALID', 'Name the decision with --id')
  await checkOutputs({ '--out': out }, { '--bundle': flags.bundle })
  const reader = openLog({ data })
  let explanation: DecisionExplanation
  try {
    const record = reader.find(id)
    if (record?.kind !== 'decision') {
      throw new FraudError('TRANSACTION_UNKNOWN', `The log has no decision with the id ${showValue(id)}`)
    }
    const { model = reader.definition(record.definition).model } = record
    const models = await modelsOf(flags, model)
    explanation = await explainDecision(record, reader, { models, rule, turn: async () => {} })
  } finally {
    reader.close()
  }
  for (const line of tell(explanation)) terminal.say(line)
  if (out !== undefined) {
    const page = renderDecision(explanation)
    await replaceFile(out, page, flags, run)
    terminal.say(`\npage  ${out}`)
  }
  terminal.result(explanation)
}

/** The bundle that is named, else the registered one that decided, else the directory's own, if it has one. */
async function modelsOf({ bundle, data }: DecidedFlags, decided: string | null): Promise<readonly ExplainingModel[]> {
  const directory = dataDirectory(data)
  const registered = openModelFiles(directory)
  const own = decided !== null && registered.has(decided) ? registered.pathOf(decided) : directory.bundlePath
  const path = bundle ?? (existsSync(own) ? own : undefined)
  if (path === undefined) return []
  const read = await readBundle(path)
  const explainer = createExplainer(read.model, read.scaling)
  return [{ ...createPredictor(read), ...(explainer && { explain: (row: Float64Array) => explainer.explain(row) }) }]
}

function tell(explanation: DecisionExplanation): readonly string[] {
  const { transactionId, outcome, score, model, policy, decidedAt, policyChange, reasons } = explanation
  const scored = score === null ? 'no score' : `score ${formatGeneral(score)}`
  const { by, at, why = '' } = policyChange ?? {}
  return [
    `${transactionId}: ${outcome}, ${scored}, decided ${decidedAt} by ${model ?? 'rules and lists alone'}`,
    `  policy version ${policy}${by === undefined ? '' : `: by ${by}, ${at}${why === '' ? '' : `: ${why}`}`}`,
    ...reasons.map(({ code, text }) => `  ${text} (${code})`),
    ...tellPolicy(explanation),
    ...section(
      'degraded',
      explanation.degraded.map(({ code, text }) => `${code}: ${text}`),
    ),
    ...section('features', tellFeatures(explanation)),
    ...section('not told', explanation.notTold),
  ]
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
}

function tellPolicy({ policyParts, fuses, control }: DecisionExplanation): readonly string[] {
  const { score, rules = [], lists = [], silentRules = 0 } = policyParts ?? {}
  const costs = Object.entries(score?.expectedCosts ?? {}).map(([outcome, cost]) => `${outcome} ${cost.toFixed(2)}`)
  const ofRules = rules.flatMap(({ id, state, outcome, strength, reason, conditions, snooze }) => [
    `${id}: ${state}, ${outcome}${strength === 'plain' ? '' : ` (${strength})`}${reason === undefined ? '' : `: ${reason}`}`,
    ...(snooze === undefined ? [] : [`  snoozed for its ${snooze.key} until ${snooze.until}`]),
    ...conditions.map(({ text, result, values }) => {
      const of = tellValues(values)
      return `  ${String(result ?? 'unknown').padEnd(7)}  ${text}${of === '' ? '' : `    (${of})`}`
    }),
  ])
  const others = silentRules === 0 ? [] : [tellSilent(silentRules)]
  return [
    ...section('score', score === undefined ? [] : [score.text, ...(costs.length === 0 ? [] : [costs.join(', ')])]),
    ...section('rules', [...ofRules, ...others]),
    ...section(
      'lists',
      lists.map(
        ({ name, of, effect, addedAt, by, note }) =>
          `${name}: its ${of}, effect ${effect}, added ${addedAt} by ${by}${note === undefined ? '' : `: ${note}`}`,
      ),
    ),
    ...section(
      'fuses',
      fuses === undefined ? [] : [`${fuses.tripped.join(', ')} had tripped; without that ${fuses.settled}`],
    ),
    ...section(
      'control group',
      control === undefined ? [] : [`would be ${control.wouldBe}; propensity ${control.propensity}`],
    ),
  ]
}

function tellFeatures(explanation: DecisionExplanation): readonly string[] {
  const shown = mostTelling(explanation.features).slice(0, mostPictured)
  const width = Math.max(0, ...shown.map(({ name }) => name.length))
  const signed = (value: number | undefined) =>
    value === undefined ? '' : `${value < 0 ? '' : '+'}${value.toFixed(4)}`
  const left = explanation.features.length - shown.length
  return [
    ...shown.map(({ name, value, text, contribution }) => {
      const known = value === null ? 'unknown' : formatGeneral(value)
      return `${name.padEnd(width)}  ${known.padStart(9)}  ${signed(contribution).padStart(9)}  ${text}`
    }),
    ...(left === 0 ? [] : [`${left} others`]),
  ]
}
