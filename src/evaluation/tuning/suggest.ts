import { createRandom, type Random } from '../../core/random.ts'
import type { Dimension } from '../../learners/dimensions.ts'
import { type ModelChoice, modelSchema } from '../../learners/model-choice.ts'
import { indexOf, placeOf, valueAt } from './dimension.ts'
import { type Density, parzen, shares } from './parzen.ts'
import type { LearnerSpace } from './space.ts'

/** A choice that was tried, and what is to be made small; infinite where it failed. */
export interface Tried {
  readonly model: ModelChoice
  readonly loss: number
}

/** What a dimension's densities speak of: a place in a range, the number of a value. */
type Position = number

/** Trials before anything is learned from them, of each learner and in all. */
const startOfEach = 5
const startAtLeast = 10
/** Draws of which the most promising is taken, as in Bergstra et al. */
const draws = 24
/** Draws of the whole model until it is a new one; the later half without what was learned. */
const attempts = 64

/**
 * What to try next, a function of the seed and of what was tried: a quasi-random start, then tree-structured Parzen
 * estimators (Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011), which draw where good trials lie
 * close and bad ones do not, for each option on its own. Undefined where so many draws in a row had been tried before: a
 * small space is then used up, or nearly.
 */
export function suggest(
  spaces: readonly LearnerSpace[],
  tried: readonly Tried[],
  seed: number,
): ModelChoice | undefined {
  const random = createRandom(seed, tried.length)
  const known = new Set(tried.flatMap(({ model }) => keyOf(spaces, model)))
  const isStart = tried.length <= Math.max(startAtLeast, startOfEach * spaces.length)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const isLearned = !isStart && attempt < attempts / 2
    const model =
      isStart && attempt === 0
        ? spread(spaces, tried.length - 1, seed)
        : drawModel(spaces, isLearned ? tried : [], random)
    if (keyOf(spaces, model).every((key) => !known.has(key))) return model
  }
  return undefined
}

/** The same text for the same values of all that its learner's space may set. */
function keyOf(spaces: readonly LearnerSpace[], model: ModelChoice): string[] {
  const space = spaces.find(({ learner }) => learner === model.learner)
  return space ? [JSON.stringify([space.learner, space.dimensions.map(({ name }) => optionOf(model, name))])] : []
}

export function optionOf(model: ModelChoice, name: string): unknown {
  return Object.entries(model).find(([option]) => option === name)?.[1]
}

/** The learner of a choice, or those of its average. */
export function nameLearners({ learner, members }: ModelChoice): string {
  return members === undefined ? (learner ?? '') : `an average of ${members.map((member) => member.learner).join(', ')}`
}

/**
 * Learners by turns, each at points that fill its space evenly: multiples of powers of the generalised golden ratio
 * (Roberts, "The Unreasonable Effectiveness of Quasirandom Sequences", 2018), from a random place on.
 */
function spread(spaces: readonly LearnerSpace[], turn: number, seed: number): ModelChoice {
  const space = spaces[Math.max(0, turn) % spaces.length]
  const step = 1 + Math.floor(Math.max(0, turn) / spaces.length)
  const random = createRandom(seed)
  const ratio = goldenRatio(space.dimensions.length)
  return build(space, (dimension, i) => {
    const place = (random.uniform() + step * ratio ** -(i + 1)) % 1
    return dimension.kind === 'range' ? place : Math.floor(place * dimension.values.length)
  })
}

/** The solution of x^(d + 1) = x + 1. */
function goldenRatio(dimensions: number): number {
  let x = 2
  for (let i = 0; i < 50; i++) x = (1 + x) ** (1 / (dimensions + 1))
  return x
}

function drawModel(spaces: readonly LearnerSpace[], tried: readonly Tried[], random: Random): ModelChoice {
  const space = spaces[drawLearner(spaces, tried, random)]
  const own = tried.filter(({ model }) => model.learner === space.learner)
  return build(space, (dimension) =>
    drawWhereGood(
      own,
      ({ model }) => positionOf(dimension, optionOf(model, dimension.name)),
      (observed) => (dimension.kind === 'range' ? parzen(observed) : shares(observed, dimension.values.length)),
      random,
    ),
  )
}

/**
 * As often as it is among the good trials, but each fourth turn is for the one that had the fewest: a learner with many
 * options may begin worse and end better.
 */
function drawLearner(spaces: readonly LearnerSpace[], tried: readonly Tried[], random: Random): number {
  const learnerOf = ({ model }: Tried) => spaces.findIndex(({ learner }) => learner === model.learner)
  const drawn = drawWhereGood(tried, learnerOf, (observed) => shares(observed, spaces.length), random, 1)
  if (tried.length === 0 || tried.length % 4 !== 0) return drawn
  const turns = spaces.map((_, number) => tried.filter((trial) => learnerOf(trial) === number).length)
  return turns.indexOf(Math.min(...turns))
}

/** Draws from the density of the good trials the one that is likelier there than among the bad by most. */
function drawWhereGood(
  tried: readonly Tried[],
  positionOf: (trial: Tried) => Position,
  densityOf: (observed: readonly Position[]) => Density<Position>,
  random: Random,
  times = draws,
): Position {
  const sorted = tried.toSorted((one, other) => (one.loss < other.loss ? -1 : Number(one.loss > other.loss)))
  const goodCount = Math.ceil(sorted.length / 5)
  const observe = (part: readonly Tried[]) => densityOf(part.map(positionOf).filter((position) => position >= 0))
  const good = observe(sorted.slice(0, goodCount))
  const bad = observe(sorted.slice(goodCount))
  let best = good.draw(random)
  let bestRatio = good.at(best) / bad.at(best)
  for (let i = 1; i < times; i++) {
    const position = good.draw(random)
    const ratio = good.at(position) / bad.at(position)
    if (ratio > bestRatio) [best, bestRatio] = [position, ratio]
  }
  return best
}

/** Negative where a value, such as one of the current choice, lies outside of what may be searched. */
function positionOf(dimension: Dimension, value: unknown): Position {
  return dimension.kind === 'range' ? (placeOf(dimension, value) ?? -1) : indexOf(dimension, value)
}

function build(
  { learner, base, dimensions }: LearnerSpace,
  positionOf: (dimension: Dimension, i: number) => Position,
): ModelChoice {
  const values = dimensions.map((dimension, i) => {
    const position = positionOf(dimension, i)
    return [dimension.name, dimension.kind === 'range' ? valueAt(dimension, position) : dimension.values[position]]
  })
  return modelSchema.parse({ ...base, learner, ...Object.fromEntries(values) })
}
