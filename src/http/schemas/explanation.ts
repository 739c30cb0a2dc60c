import { silentStates } from '../../decisioning/explain-policy.ts'
import { strengths } from '../../decisioning/opinion.ts'
import { hitStates } from '../../decisioning/policy-trace.ts'
import { outcomes } from '../../detector/detector-schema.ts'
import { count, decisionProperties, object, time } from './decision.ts'

const conditionSchema = object({
  text: { type: 'string' },
  result: { type: ['boolean', 'null'], description: 'Null where it could not be told because a value is missing.' },
  values: {
    type: 'object',
    additionalProperties: { type: ['boolean', 'number', 'string', 'null'] },
    description: 'The names that it reads, with their values; personal values by their tokens.',
  },
  missing: { type: 'array', items: { type: 'string' } },
})

const explainedRule = object(
  {
    id: { type: 'string' },
    state: {
      type: 'string',
      enum: [...hitStates, ...silentStates],
      description: 'How it counted where it applied; else why it did not.',
    },
    outcome: { type: 'string', enum: [...outcomes, 'tag'] },
    strength: { type: 'string', enum: strengths },
    reason: { type: 'string' },
    when: { type: 'string' },
    conditions: { type: 'array', items: conditionSchema, description: 'What has to be true together.' },
    snooze: object({ key: { type: 'string' }, until: time }),
  },
  ['reason', 'snooze'],
)

const explainedList = object(
  {
    name: { type: 'string' },
    of: { type: 'string' },
    effect: { type: 'string' },
    addedAt: time,
    by: { type: 'string' },
    source: { type: 'string' },
    note: { type: 'string' },
    expiresAt: time,
  },
  ['addedAt', 'by', 'source', 'note', 'expiresAt'],
)

const explainedScore = object(
  {
    by: { enum: ['thresholds', 'costs', 'whenUnavailable', null] },
    outcome: decisionProperties.outcome,
    text: { type: 'string' },
    thresholds: { type: 'object', additionalProperties: { type: 'number' } },
    segment: { type: 'string' },
    expectedCosts: { type: 'object', additionalProperties: { type: 'number' } },
  },
  ['thresholds', 'segment', 'expectedCosts'],
)

const { transactionId, outcome, score, reasons, model, policy, decidedAt } = decisionProperties
/** Why a decision came out as it did. */
export const explanationSchema = object(
  {
    ...{ transactionId, outcome, score, reasons, model, policy, decidedAt },
    policyChange: object({ at: time, by: { type: 'string' }, why: { type: 'string' } }),
    degraded: { type: 'array', items: object({ code: { type: 'string' }, text: { type: 'string' } }) },
    features: {
      type: 'array',
      items: object(
        {
          name: { type: 'string' },
          value: { type: ['number', 'null'] },
          text: { type: 'string' },
          contribution: { type: 'number' },
        },
        ['contribution'],
      ),
    },
    contributions: object(
      {
        from: { enum: ['model', 'record', null], description: 'Computed again, as the record keeps them, or unknown.' },
        scale: decisionProperties.contributionScale,
        base: { type: 'number' },
        output: { type: 'number' },
        error: { type: 'number' },
      },
      ['scale', 'base', 'output', 'error'],
    ),
    policyParts: object({
      score: explainedScore,
      rules: { type: 'array', items: explainedRule, description: 'Those that applied, then those not known.' },
      lists: { type: 'array', items: explainedList },
      silentRules: count('Other rules that were asked, and had nothing to say.'),
    }),
    control: object({ wouldBe: decisionProperties.outcome, propensity: { type: 'number' } }),
    fuses: object({ settled: decisionProperties.outcome, tripped: { type: 'array', items: { type: 'string' } } }),
    notTold: { type: 'array', items: { type: 'string' }, description: 'What could not be told, and why.' },
  },
  ['policyChange', 'policyParts', 'control', 'fuses'],
)
