import { FraudError } from '../core/errors.ts'
import { optionInvalid } from '../core/option.ts'
import type { Detector } from '../detector/detector.ts'
import { compileDetector } from '../features/feature-set.ts'
import { optionsOf } from '../learners/learn.ts'
import {
  type Averaging,
  type Learner,
  type LearnerOptions,
  learnerOptions,
  type Member,
  type ModelChoice,
} from '../learners/model-choice.ts'
import type { Preset, PresetName } from '../learners/presets.ts'

/** Options as they are given, with none for null. */
type GivenOptions = {
  readonly [Name in keyof LearnerOptions]: null extends LearnerOptions[Name]
    ? Exclude<LearnerOptions[Name], null> | 'none'
    : LearnerOptions[Name]
}

/** What may be said of the models that are trained. */
export interface MembersRequest extends GivenOptions {
  readonly preset?: PresetName
  readonly learner?: Learner
  readonly average?: readonly Learner[]
  readonly averageOf?: Averaging['averageOf']
  readonly memberWeights?: Averaging['memberWeights']
}

type Members = Preset['members']

/** Whether somebody said what learns. */
export function namesLearners(request: MembersRequest, model: ModelChoice): boolean {
  return (request.learner ?? model.learner ?? model.members) !== undefined
}

/**
 * The models that are trained, each with its options: those that were named, or the preset's. Options that were given go
 * to each of them that has such.
 */
export function planMembers(request: MembersRequest, model: ModelChoice, preset: Preset, detector: Detector): Members {
  const average = request.average ?? model.average
  const [first, ...others] = baseOf(request, model, preset)
  const members: Members = [first, ...(average?.map((learner) => ({ learner, options: {} })) ?? others)]
  const given = { ...fileOptionsFor(first.learner, request, model), ...flagsOf(request) }
  refuseTwice(members, model.members !== undefined)
  refuseForeign(members, given)
  const categories = Object.keys(compileDetector(detector).categories)
  const complete = ({ learner, options }: Member): Member => ({
    learner,
    options: { ...options, ...ownOf(learner, { ...(categories.length > 0 && { categories }), ...given }) },
  })
  const [completeFirst, ...rest] = members.map(complete)
  if (rest.length > 0 && [completeFirst, ...rest].some(({ options }) => options.oobScore === true)) {
    throw new FraudError('OPTION_INVALID', 'oobScore is of one forest, not of an average: name random-forest alone')
  }
  const isOwnChoice = average !== undefined || namesLearners(request, model)
  return keepPromises([completeFirst, ...rest], isOwnChoice)
}

/** How they are averaged; throws OPTION_INVALID where a flag says so of a single model. */
export function planAveraging(request: MembersRequest, model: ModelChoice, { length }: Members): Averaging {
  for (const name of ['averageOf', 'memberWeights'] as const) {
    if (length === 1 && request[name] !== undefined) throw optionInvalid(name, 'is for an average of several models')
  }
  return {
    averageOf: request.averageOf ?? model.averageOf ?? 'log-odds',
    memberWeights: request.memberWeights ?? model.memberWeights ?? 'equal',
  }
}

function baseOf(request: MembersRequest, model: ModelChoice, preset: Preset): Members {
  if (request.learner === undefined && model.members !== undefined) {
    const [first, ...others] = model.members.map(({ learner, ...options }) => ({
      learner,
      options: withoutGaps(options),
    }))
    return [first, ...others]
  }
  const learner = request.learner ?? model.learner
  if (learner === undefined) return preset.members
  if (request.preset === undefined) return [{ learner, options: {} }]
  const { options } = preset.members.find((member) => member.learner === learner) ?? preset.members[0]
  return [{ learner, options: ownOf(learner, options) }]
}

/** What the file says beside its learner is for that learner, and for those that are averaged with it. */
function fileOptionsFor(learner: Learner, request: MembersRequest, model: ModelChoice): LearnerOptions {
  const { learner: named, members } = model
  const isTheirs = named === undefined ? members === undefined || request.learner === undefined : named === learner
  if (!isTheirs) return {}
  const options = Object.entries(model).filter(([name]) => name !== 'seed' && learnerOptions.has(name))
  return withoutGaps(Object.fromEntries(options))
}

function flagsOf(request: MembersRequest): LearnerOptions {
  const given = Object.entries(request).flatMap(([name, value]) => {
    const { flag, default: usual } = learnerOptions.get(name) ?? {}
    // An option that only a --no- flag changes is true where the flag is not given.
    if (flag === undefined || value === undefined || (usual === true && value === true)) return []
    return [[name, flag.hasNone && value === 'none' ? null : value]]
  })
  return Object.fromEntries(given)
}

function ownOf(learner: Learner, options: LearnerOptions): LearnerOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => optionsOf(learner).includes(name)))
}

function withoutGaps(options: object): LearnerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** Members of a file may share a learner, with options of their own. */
function refuseTwice(members: Members, isByFile: boolean): void {
  const twice = members.find(({ learner }, i) => members.findIndex((other) => other.learner === learner) < i)
  if (twice === undefined || isByFile) return
  throw new FraudError(
    'OPTION_INVALID',
    `The average has ${twice.learner} twice; averaging a model with itself changes nothing`,
  )
}

function refuseForeign(members: Members, given: LearnerOptions): void {
  const foreign = Object.keys(given).find((name) => !members.some(({ learner }) => optionsOf(learner).includes(name)))
  if (foreign === undefined) return
  const [{ learner }, ...others] = members
  const names = members.map((member) => member.learner).join(', ')
  throw new FraudError(
    'OPTION_INVALID',
    others.length > 0
      ? `None of ${names} has an option ${foreign}`
      : `${learner} has no option ${foreign}; it has ${optionsOf(learner).join(', ')}`,
  )
}

/**
 * An average keeps the promise of `monotone` only where each of its models does. Models of a preset that can't are left
 * out; of those that somebody named that is an error.
 */
function keepPromises(members: Members, isOwnChoice: boolean): Members {
  const promises = ({ options: { monotone = {} } }: Member) => Object.keys(monotone).length > 0
  const promising = members.find(promises)
  if (promising === undefined) return members
  const other = members.find((member) => !promises(member))
  if (other === undefined) return members
  if (!isOwnChoice) return [promising]
  throw new FraudError(
    'OPTION_INVALID',
    `monotone is a promise that ${other.learner} does not give, so an average with it would break it`,
  )
}
