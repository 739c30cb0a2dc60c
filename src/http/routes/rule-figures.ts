import { presentFigures } from '../../deciding/present-figures.ts'
import { partOf, tellUnknown } from '../policy-parts.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { pathParameter, unknownCount, unknownPart } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { sendPolicy } from '../send-policy.ts'

const count = { type: 'integer' } as const
const share = { type: 'number' } as const

const figuresOfVersion = {
  type: 'object',
  description: 'What a rule did as long as it said the same; switching its state goes on with it.',
  properties: {
    version: { ...count, description: 'The number of the record that made the rule what it is.' },
    since: { type: 'string', format: 'date-time' },
    isCurrent: { type: 'boolean' },
    outcome: { type: 'string' },
    liveDecisions: { ...count, description: 'Decisions made while it was live.' },
    shadowDecisions: { ...count, description: 'Decisions made while it was in shadow.' },
    fired: { ...count, description: 'It applied, and had a say.' },
    alone: { ...count, description: 'Without it the opinions would have come to another outcome.' },
    shadow: { ...count, description: 'It applied in shadow.' },
    wouldChange: { ...count, description: 'It applied in shadow, and live it would have led to another outcome.' },
    undrawn: { ...count, description: 'It applied to a transaction that its share was not drawn for.' },
    snoozed: { ...count, description: 'It applied, and was snoozed.' },
    fused: { ...count, description: 'It applied, and a fuse held it.' },
    frauds: { ...count, description: 'Of decisions that the log keeps and on which it fired, live or in shadow.' },
    legitimate: { ...count, description: 'Of the same decisions.' },
    withoutLabel: {
      ...count,
      description: 'Decisions on which it fired, live or in shadow, and that have no label that is kept.',
    },
    precision: {
      type: ['number', 'null'],
      description:
        'The share of frauds among those with a label. Null without any, and where none is called legitimate while some ' +
        'have no label: where only frauds are reported it would always be 1.',
    },
    precisionInterval: {
      type: ['object', 'null'],
      description: "Wilson's, of 95 %; null with the precision.",
      properties: { lower: share, upper: share },
      required: ['lower', 'upper'],
    },
  },
  required: [
    'version',
    'since',
    'isCurrent',
    'outcome',
    'fired',
    'shadow',
    'frauds',
    'legitimate',
    'withoutLabel',
    'precision',
  ],
} as const

const figuresAnswer = {
  type: 'object',
  properties: {
    version: { ...count, description: 'Of the policy that is in force.' },
    unknown: unknownCount,
    figures: { type: 'array', items: figuresOfVersion, description: 'The newest first.' },
  },
  required: ['version', 'unknown', 'figures'],
} as const

/** `GET /v1/rules/{id}/figures`: of a rule that was removed, too. */
export const ruleFigures: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/rules/{id}/figures',
  role: 'viewer',
  summary: 'What a rule did, by version',
  bounds: ['load', 'answers'],
  operationId: 'ruleFigures',
  tag: 'policy',
  parameters: () => [pathParameter('id')],
  answers: {
    ok: jsonAnswer('What each version of the rule did.', figuresAnswer),
    refusals: [...usual, unknownPart, unavailable],
  },
  handle:
    ({ decisions }) =>
    ({ params: { id } }, reply) => {
      const { version, definitions, unknowns } = decisions.policy
      const figures = decisions.ruleFigures(id)
      if (figures.length === 0) partOf('rule', id, definitions.rules)
      return sendPolicy(reply, { version, unknown: tellUnknown(unknowns.of(id)), figures: figures.map(presentFigures) })
    },
}
