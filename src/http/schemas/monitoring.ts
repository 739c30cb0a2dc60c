import { alertKinds, severities } from '../../monitoring/alert.ts'
import { listOf, objectOf } from './parts.ts'

const number = { type: 'number' } as const
const count = { type: 'integer' } as const
const maybe = { type: ['number', 'null'] } as const
const time = { type: ['string', 'null'], format: 'date-time' } as const
const figure = objectOf({ value: number, lower: number, upper: number }, 'With its 95 % interval.')
const maybeFigure = { anyOf: [figure, { type: 'null' }] } as const
const moved = objectOf({ from: maybe, to: maybe })

const group = {
  type: 'object',
  properties: {
    from: { ...maybe, description: 'Where its values begin; null: all below.' },
    to: { ...maybe, description: 'Where they end; null: all above.' },
    name: { type: 'string', description: 'A text of a category, or `(missing)`, `(unknown)`, `(other)`.' },
    reference: { ...number, description: 'Rows of the reference.' },
    current: { ...number, description: 'Rows of now.' },
  },
  required: ['reference', 'current'],
} as const

const distance = (description: string) =>
  objectOf(
    {
      ...{ value: number, lower: number, upper: number },
      noise: { ...number, description: 'What chance and the usual differences of days bring on average.' },
    },
    description,
  )

const featureDrift = objectOf({
  feature: { type: ['string', 'null'], description: 'Null of the score.' },
  against: { type: 'string', enum: ['training', 'past'] },
  isDrift: { type: 'boolean', description: 'Moved further than chance and the usual differences of days explain.' },
  psi: distance('Population stability index of the groups, in nats.'),
  jensenShannon: distance('Jensen-Shannon divergence of the groups, to the base 2.'),
  shift: { ...maybe, description: 'How far values moved on average, in standard deviations; null of categories.' },
  usual: {
    anyOf: [objectOf({ spread: number, shift: number }), { type: 'null' }],
    description:
      'What days differ by without any drift; null while there are too few of them to tell, and then none is told.',
  },
  rows: objectOf({ reference: number, current: number }),
  mean: moved,
  missing: { ...moved, description: 'The share without a value.' },
  unknown: {
    anyOf: [moved, { type: 'null' }],
    description: 'The share of texts that the detector does not list; null of numbers.',
  },
  groups: listOf(group),
})

const rate = objectOf({
  name: { type: 'string', description: '`outcome:`, `rule:` or `degraded:` and a name.' },
  count,
  share: maybeFigure,
  pastCount: count,
  pastShare: maybeFigure,
  isChanged: { type: 'boolean', description: 'Whether more than chance and the usual differences of days explain.' },
})

const rates = objectOf({
  decisions: { ...count, description: 'Of the last 24 whole hours.' },
  pastDecisions: { ...count, description: 'Of the same hours of the same weekdays before.' },
  weeks: { ...count, description: 'How many weeks before have them.' },
  rates: listOf(rate),
})

export const driftAnswer = objectOf({
  through: { ...time, description: 'The end of the newest whole hour of event time; null before the first.' },
  model: { type: ['string', 'null'] },
  features: listOf(featureDrift, 'The score first, then the features in the order of a row.'),
  notCompared: {
    type: 'object',
    description: 'Why there is no comparison with the training, or with the past.',
    properties: { training: { type: 'string' }, past: { type: 'string' } },
  },
  late: { ...count, description: 'Decisions that came too late for their hour, and are in no figure.' },
  unmonitored: listOf({ type: 'string' }, 'Features beyond those that are monitored.'),
  sampledOneIn: { ...count, description: 'Each feature is looked at in one of so many decisions.' },
  rates,
  labels: listOf(
    objectOf({
      isFraud: { type: 'boolean' },
      labels: { ...count, description: 'That came in the last seven days.' },
      pastLabels: { ...count, description: 'That came in the four weeks before.' },
      medianHours: { ...maybe, description: 'From the transaction to when the label was known.' },
      ninetiethHours: maybe,
      pastMedianHours: maybe,
    }),
  ),
})

export const ruleRatesAnswer = objectOf({ through: time, ...rates.properties })

const alertDefinition = {
  type: 'object',
  additionalProperties: false,
  properties: {
    kind: { type: 'string', enum: alertKinds },
    isOn: { type: 'boolean' },
    severity: { type: 'string', enum: severities },
    limit: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1000,
      description: 'What is too much, in the unit of the kind.',
    },
    note: { type: 'string', maxLength: 500 },
  },
  required: ['kind', 'isOn', 'severity'],
} as const

const alertEvent = objectOf({
  sequence: { ...count, description: 'The number of its record.' },
  at: { type: 'string', format: 'date-time' },
  state: { type: 'string', enum: ['firing', 'resolved'] },
  alert: { type: 'string', enum: alertKinds },
  subject: { type: 'string', description: 'What it is of: a feature, an outcome, a rule, a model.' },
  severity: { type: 'string', enum: severities },
  text: { type: 'string' },
  ...moved.properties,
  since: { type: 'string', format: 'date-time', description: 'When it began.' },
})

export const alertsAnswer = objectOf({
  version: { ...count, description: 'The number of the record that says what is asked for; 0 of what is usual.' },
  firing: listOf(alertEvent),
  alerts: listOf(alertDefinition, 'What is asked for, one of each kind.'),
  changes: listOf(alertEvent, 'The newest 500, newest first.'),
})

export const alertsBody = {
  type: 'object',
  properties: { alerts: listOf(alertDefinition), why: { type: 'string' } },
  required: ['alerts'],
} as const

export const alertsChanged = objectOf({ version: count, alerts: listOf(alertDefinition) })

const promisedFigure = {
  anyOf: [
    { type: 'object', properties: { value: number, lower: number, upper: number }, required: ['value'] },
    { type: 'null' },
  ],
} as const

export const performanceAnswer = objectOf({
  weeks: listOf(
    objectOf({
      week: { type: 'string', format: 'date-time', description: 'When it begins: a Monday, UTC.' },
      model: { type: ['string', 'null'] },
      maturesAt: { type: 'string', format: 'date-time', description: 'When the labels of its last decision are due.' },
      isMature: { type: 'boolean' },
      decisions: count,
      frauds: { ...count, description: 'That labels say.' },
      precision: { ...maybeFigure, description: 'Of what was not approved and has a label.' },
      recall: { ...maybeFigure, description: 'Of all fraud, what was not approved.' },
      recallBy: { type: 'string', enum: ['control-group', 'labels'] },
      averagePrecision: { ...maybeFigure, description: 'By bins of the score.' },
      calibration: { ...maybeFigure, description: 'The sum of scores over the frauds.' },
      money: {
        anyOf: [objectOf({ stoppedMinor: number, lostMinor: number, heldMinor: number }), { type: 'null' }],
        description:
          'In minor units: fraud that was not approved, fraud that was, and all that was not approved. Null where amounts are not added up.',
      },
      promised: {
        anyOf: [
          objectOf({
            precision: promisedFigure,
            recall: promisedFigure,
            averagePrecision: promisedFigure,
            calibration: promisedFigure,
          }),
          { type: 'null' },
        ],
        description:
          "Of the bundle's evaluation; precision and recall where it has them of the thresholds in force. Null of other models than the one in force.",
      },
      notKnown: { type: 'object', additionalProperties: { type: 'string' }, description: 'Why a figure is null.' },
      rules: listOf(
        objectOf({
          rule: { type: 'string' },
          fired: count,
          frauds: count,
          legitimate: count,
          precision: maybeFigure,
        }),
      ),
    }),
  ),
})
