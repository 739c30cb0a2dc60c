import { isDeepStrictEqual } from 'node:util'
import { showValue } from '../core/show-value.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { ContributionScale } from '../decisioning/contribution.ts'
import { type Decision, shownDegraded } from '../decisioning/decision.ts'
import { degradationWords } from '../decisioning/degradation-words.ts'
import { type PolicyExplanation, type PolicyInForce, type PolicyNames, policyNames } from '../decisioning/index.ts'
import { declaredFields, TransactionMaker } from '../detector/declared-fields.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { DecisionRecord, Definition, Sequenced } from '../log/log-record.ts'
import { ownDetector } from '../log/own-detector.ts'
import { outputOf } from '../models/contributions.ts'
import type { Predictor } from '../scoring/predictor.ts'
import { compileKept, DecisionWords, transactionBy } from './decision-words.ts'
import type { RowMaker } from './detector-in-force.ts'
import { policyBefore } from './past-policy.ts'
import { namesOf } from './policy-vocabulary.ts'
import { expectedScore, present, traceByDefinition } from './present-decision.ts'

/** Why a decision came out as it did, from what the log holds, by the policy of that time. */
export interface DecisionExplanation
  extends Pick<Decision, 'transactionId' | 'outcome' | 'score' | 'reasons' | 'model' | 'policy' | 'decidedAt'> {
  /** The change that made the version of the policy; missing where it is not known. */
  readonly policyChange?: PolicyStep
  readonly degraded: readonly { readonly code: string; readonly text: string }[]
  readonly features: readonly ExplainedValue[]
  readonly contributions: ContributionsFound
  /** What the policy made of it; missing where that can't be told. */
  readonly policyParts?: Omit<PolicyExplanation, 'doubts'>
  /** Where the control group had a say: the outcome without it, and how probable what happened was. */
  readonly control?: { readonly wouldBe: string; readonly propensity: number }
  /** Where fuses had a say: the outcome that was settled on, and their ids. */
  readonly fuses?: { readonly settled: string; readonly tripped: readonly string[] }
  /** What could not be told, and why. */
  readonly notTold: readonly string[]
}

interface PolicyStep {
  readonly at: string
  readonly by: string
  readonly why: string
}

interface ExplainedValue {
  readonly name: string
  /** Null where it was not known. */
  readonly value: number | null
  readonly text: string
  /** What it added to the model's uncalibrated output; missing where that is not known. */
  readonly contribution?: number
}

/** Where contributions are from: computed again, as the record keeps them (those that spoke most for fraud), or nowhere. */
interface ContributionsFound {
  readonly from: 'model' | 'record' | null
  readonly scale?: ContributionScale
  /** What the model answers when nothing is known. */
  readonly base?: number
  readonly output?: number
  /** How far they were off before the rest was spread over them; 0 where they are exact. */
  readonly error?: number
}

export type ExplainingModel = Pick<Predictor, 'modelId' | 'inputs' | 'predict' | 'explain'>

export interface ExplanationOptions {
  /** The models that are at hand. */
  readonly models: readonly ExplainingModel[]
  /** A rule that is explained, too, whatever it said. */
  readonly rule?: string | undefined
  /** Is waited for now and then: explaining takes as long as there are changes and rules. */
  readonly turn: () => Promise<void>
}

type ExplainedLog = Parameters<typeof policyBefore>[1] & Pick<LogReading, 'definition'>

/** @throws FraudError TRANSACTION_UNKNOWN where the record is let go of meanwhile. */
export async function explainDecision(
  record: Sequenced<DecisionRecord>,
  reading: ExplainedLog,
  options: ExplanationOptions,
): Promise<DecisionExplanation> {
  const definition = reading.definition(record.definition)
  const words = new DecisionWords()
  const { transactionId, outcome, score, reasons, model, policy, decidedAt } = present(
    record,
    definition,
    words.reasonsOf(record, definition),
  )
  const { parts, change, doubts } = await explainPolicyOf(record, definition, reading, options)
  const contributions = findContributions(record, definition, options.models)
  const features = words.featuresOf(record, definition).map(({ name, value, text }, i): ExplainedValue => {
    const contribution = contributions.of.get(i)
    return {
      name,
      value: Number.isNaN(value) ? null : value,
      text,
      ...(contribution !== undefined && { contribution }),
    }
  })
  const { control, fuses } = record.policy ?? {}
  return {
    ...{ transactionId, outcome, score, reasons, model, policy, decidedAt },
    ...(change !== undefined && { policyChange: change }),
    degraded: shownDegraded(record).map((code) => ({ code, text: degradationWords[code] })),
    ...{ features, contributions: contributions.found },
    ...(parts !== undefined && { policyParts: parts }),
    ...(control !== undefined && { control }),
    ...(fuses !== undefined && { fuses }),
    notTold: [...doubts, ...contributions.doubts],
  }
}

/** What the policy was, and what it made of the decision; undefined, with a word, where that can't be told. */
async function explainPolicyOf(
  record: Sequenced<DecisionRecord>,
  definition: Definition,
  reading: ExplainedLog,
  { turn, rule }: ExplanationOptions,
): Promise<PolicyFound> {
  const compiled = compileKept(definition.detector)
  if (compiled === undefined) return unknownPolicy('This version can not read the detector of that time')
  const { detector, features } = compiled
  const fields = declaredFields(detector, features.layout)
  const names = namesThen(definition, compiled) ?? policyNames(detector, fields, definition.features)
  const texts = new Set(record.fields.filter((field) => field !== undefined).map(String))
  const past = await policyBefore(record.sequence, reading, { names, policy: definition.policy }, texts, turn)
  // Until somebody changes it, the policy is the definition's.
  past.define(definition.policy)
  const change = stepOf(past.inForce, record, reading)
  if (record.policy !== undefined && past.changed === undefined) {
    return unknownPolicy(`The log no longer has the changes that made version ${record.policy.version} of the policy`)
  }
  const { id, timestampMs, decidedAtMs, row } = record
  const amount = transactionBy(new TransactionMaker(detector, features.layout, definition.columns), record)?.amount
  const score = expectedScore(record, definition.model)
  const input = { id, timestampMs, decidedAtMs, amount: amount ?? Number.NaN, fields: record.fields, row, score }
  const trace = record.policy ?? traceByDefinition(record, definition)
  const { doubts, ...parts } = await past.inForce.explain(input, trace, turn, rule)
  return { parts, change, doubts }
}

/** Names as they were, with features that the policy had declared and nothing computed yet; undefined where rows differ. */
function namesThen(definition: Definition, { detector, features }: RowMaker): PolicyNames | undefined {
  const own = compileKept(ownDetector(definition))
  if (own === undefined || !isDeepStrictEqual(features.names, definition.features)) return undefined
  return namesOf({ detector, features, own })
}

interface PolicyFound {
  readonly parts?: Omit<PolicyExplanation, 'doubts'>
  readonly change?: PolicyStep | undefined
  readonly doubts: readonly string[]
}

function unknownPolicy(why: string): PolicyFound {
  return { doubts: [`${why}, so conditions of rules are not evaluated again`] }
}

/** The change that made the version of the policy that a decision names; undefined where it is not known. */
function stepOf({ steps }: PolicyInForce, { policy }: DecisionRecord, reading: ExplainedLog): PolicyStep | undefined {
  if (policy === undefined) return undefined
  const step = steps.find(({ version }) => version === policy.version)
  if (step !== undefined) return { at: formatIsoTime(step.atMs), by: step.by, why: step.why ?? '' }
  // The record that trips a fuse is a decision.
  const tripping = reading.at(policy.version)
  if (tripping?.kind !== 'decision') return undefined
  return { at: formatIsoTime(tripping.decidedAtMs), by: 'fuse', why: `A fuse tripped with ${showValue(tripping.id)}` }
}

interface Contributions {
  readonly found: ContributionsFound
  /** By the features' places. */
  readonly of: ReadonlyMap<number, number>
  readonly doubts: readonly string[]
}

/** What features added, of the model that decided where it is at hand, else of the record. */
function findContributions(
  { row, score, contributions = [], model: canary }: DecisionRecord,
  definition: Definition,
  models: readonly ExplainingModel[],
): Contributions {
  const none = { found: { from: null }, of: new Map() } as const
  const model = canary ?? definition.model
  const { contributionScale: scale } = definition.others?.find((other) => other.model === canary) ?? definition
  if (model === null) return { ...none, doubts: [] }
  if (score === null) return { ...none, doubts: ['There was no score, so features added nothing to one'] }
  const deciding = models.find(({ modelId }) => modelId === model)
  if (deciding?.explain !== undefined) {
    // Other models and the policy have features of their own in the row.
    const places = deciding.inputs.map((name) => definition.features.indexOf(name))
    const own = Float64Array.from(places, (place) => row[place])
    const explanation = deciding.explain(own)
    const { base, error } = explanation
    const of = new Map(places.map((place, i) => [place, explanation.contributions[i]]))
    const found = { from: 'model', scale: explanation.scale, base, output: outputOf(explanation), error } as const
    const { probability } = deciding.predict(own)
    // Another version of Node, or another processor, may differ in the last bits.
    const isSame = Math.abs(probability - score) <= 1e-9
    return { found, of, doubts: isSame ? [] : [`The score was ${score}, and ${model} answers ${probability} now`] }
  }
  const others = models.map(({ modelId }) => modelId).join(', ')
  const why =
    deciding === undefined
      ? `${model} decided, and it is not at hand${others === '' ? '' : `, where ${others} is`}`
      : `${model} can't be explained`
  if (contributions.length === 0) return { ...none, doubts: [`What features added is not known: ${why}`] }
  return {
    found: { from: 'record', ...(scale !== undefined && { scale }) },
    of: new Map(contributions.map(({ feature, value }) => [feature, value])),
    doubts: [`Only what spoke most for fraud is known, as the record keeps it: ${why}`],
  }
}
