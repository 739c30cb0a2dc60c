import { FraudError } from '../../core/errors.ts'
import { z } from '../../core/zod.ts'
import { deploymentSchema, deployRequestSchema, guardSchema, modelRoles } from '../../deciding/deployment.ts'
import { outcomes } from '../../detector/detector-schema.ts'
import { reasonedBody } from './policy.ts'

const text = { type: 'string' } as const
const whole = { type: 'integer', minimum: 0 } as const
const warnings = { type: 'array', items: text, description: 'What decisions will lack at first, or can not be undone.' }
const deed = {
  type: 'object',
  properties: { version: whole, at: text, by: text, why: text },
  required: ['version', 'at', 'by', 'why'],
}

const { $schema: __, ...deployment } = z.toJSONSchema(deploymentSchema, { io: 'output' })
const { $schema: ___, ...guard } = z.toJSONSchema(guardSchema, { io: 'output' })

const arm = {
  type: 'object',
  properties: {
    ...{ decisions: whole, faults: whole, flagged: whole, flaggedFrauds: whole },
    outcomes: {
      type: 'object',
      properties: Object.fromEntries(outcomes.map((outcome) => [outcome, whole])),
      required: outcomes,
    },
  },
  required: ['decisions', 'faults', 'flagged', 'flaggedFrauds', 'outcomes'],
}

export const modelSchema = {
  type: 'object',
  properties: {
    id: text,
    role: { enum: [...modelRoles, null], description: 'Null where it never had one.' },
    canary: {
      type: 'object',
      description: 'The share that it decides, by which key, and its guard.',
      properties: { share: { type: 'number' }, by: text, guard },
      required: ['share', 'by', 'guard'],
    },
    figures: {
      type: 'object',
      description: 'Of a canary: what it and the champion have done since it was deployed, which its guard looks at.',
      properties: { canary: arm, champion: arm, spread: { type: 'object', additionalProperties: true } },
      required: ['canary', 'champion', 'spread'],
    },
    state: { enum: ['idle', 'preparing', 'failed'], description: 'Preparing while its histories are made.' },
    progress: { type: 'object', properties: { records: whole, of: whole }, description: 'Records of the log so far.' },
    error: { type: 'object', properties: { code: text, detail: text }, description: 'Why it could not take over.' },
    bytes: whole,
    parent: { ...text, description: 'The model that it is meant to follow.' },
    detector: text,
    learner: text,
    preset: text,
    features: whole,
    training: {
      type: 'object',
      description: 'Fingerprint of the data, rows, frauds and the period.',
      properties: {
        fingerprint: text,
        rows: { type: 'number' },
        frauds: { type: ['number', 'null'] },
        calibrationRows: { type: 'number' },
        split: { type: 'object', properties: { by: text }, additionalProperties: { type: ['number', 'string'] } },
        refit: { type: 'boolean' },
      },
      additionalProperties: true,
    },
    metrics: {
      type: ['object', 'null'],
      additionalProperties: true,
      description: 'Figures on its test rows; null where it learned without labels and nothing was measured.',
    },
    addedAt: text,
    addedBy: text,
    why: text,
    deployed: { ...deed, description: 'The last change of its role.' },
    isMissing: { type: 'boolean', description: 'Its file is not in the data directory.' },
  },
  required: ['id', 'role', 'state', 'bytes', 'detector', 'learner', 'addedAt', 'addedBy'],
}

export const modelsAnswer = {
  type: 'object',
  properties: {
    version: { ...whole, description: 'The record that last changed who is in force; 0 before the first.' },
    serving: { type: ['string', 'null'], description: 'The model that decides now.' },
    models: { type: 'array', items: modelSchema },
    cursor: { type: ['integer', 'null'] },
  },
  required: ['version', 'serving', 'models', 'cursor'],
}

export const addedAnswer = {
  type: 'object',
  properties: { id: text, isNew: { type: 'boolean', description: 'False where it was there before.' } },
  required: ['id', 'isNew'],
}

export const deployedAnswer = {
  type: 'object',
  properties: {
    id: text,
    role: { enum: modelRoles },
    state: { enum: ['idle', 'preparing'], description: 'Preparing: it takes over once its histories are there.' },
    version: whole,
    warnings,
    problems: {
      type: 'array',
      items: { type: 'object', properties: { code: text, detail: text } },
      description: 'Of a dry run: why it would be refused.',
    },
    records: { ...whole, description: 'Of a dry run: records of the log that it goes through.' },
  },
  required: ['id', 'role', 'warnings'],
}

const { $schema: _, ...request } = z.toJSONSchema(deployRequestSchema, { io: 'input' })
export const deployBody = {
  ...request,
  description: 'The role, with why; dryRun only tells what would happen.',
}

export const rollbackModelsBody = reasonedBody(
  { to: { ...whole, description: 'An earlier version; by default the one before.' } },
  [],
)

export const removedAnswer = { type: 'object', properties: { version: whole }, required: ['version'] }

export const modelVersionsAnswer = {
  type: 'object',
  properties: {
    version: whole,
    versions: { type: 'array', items: { ...deed, properties: { ...deed.properties, change: deployment } } },
    cursor: { type: ['integer', 'null'] },
  },
  required: ['version', 'versions', 'cursor'],
}

const id = 'cards@9f2c41d07ab3'
export const unknownModel = new FraudError('MODEL_UNKNOWN', `There is no model ${id}`)
export const modelInUse = new FraudError('MODEL_IN_USE', `${id} is champion: deploy another one as champion first`)
export const modelsChanged = new FraudError(
  'MODELS_CHANGED',
  'Models are in version 31 by now; what was sent is a change of version 17',
)
export const badBundle = new FraudError(
  'BUNDLE_INVALID',
  'This file is not a usable model bundle: its hash does not match its content: it is damaged',
)
export const deployRefusals: readonly FraudError[] = [
  unknownModel,
  modelsChanged,
  badBundle,
  new FraudError('DEPLOYMENT_UNDERWAY', `${id} is being deployed: wait until that has ended`),
  new FraudError('HISTORIES_LOST', 'The log does not have what the histories of this detector need'),
  new FraudError('POLICY_NAMES_LOST', 'The policy in force speaks of what this detector does not have: rules.night'),
  new FraudError('POLICY_VALUES_LOST', 'The policy in force holds values in a form that this detector does not keep'),
  new FraudError('NOT_READY', 'Histories are still being made'),
]
