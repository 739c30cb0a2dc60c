import { z } from '../core/zod.ts'
import { type OptionKind, oneOf, shareOrOne, whole, wholeOrNull } from './option.ts'
import { requireWhole } from './require-option.ts'

/** Options that several learners have, each with its own default. */
export const nEstimators = whole({ help: 'trees', least: 1, most: 100_000 })
export const maxDepth = wholeOrNull({ help: 'of a tree, or none', least: 1, hasNone: true })
export const minSamplesLeaf = whole({ help: 'rows that a leaf needs', least: 1 })
/** `balanced` multiplies each row's weight by rows / (2 x rows of its class). */
export const classWeight = oneOf('give both classes the same total weight', ['none', 'balanced'])
export const learningRate = shareOrOne('of boosting or of a network', '<number>')
export const earlyStoppingRounds = wholeOrNull({
  help: 'stop boosting or a network after so many rounds without a better log loss on the last fifth of the training rows',
  least: 1,
  hasNone: false,
})
/** The seed of all random choices; commands have one flag for it. */
export const seed: OptionKind<number> = {
  schema: z.int().min(0),
  flag: undefined,
  check: (name, value) => requireWhole(name, value, 0, Number.MAX_SAFE_INTEGER),
}
