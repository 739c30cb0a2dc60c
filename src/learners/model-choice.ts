import { z } from '../core/zod.ts'
import type { AverageOf } from '../models/average.ts'
import { definitions } from './index.ts'
import type { LearnerOption, ValuesOf } from './option.ts'

type OptionsOf<Definition> = Definition extends { readonly options: infer Options } ? ValuesOf<Options> : never
type Together<Each> = (Each extends unknown ? (each: Each) => void : never) extends (all: infer All) => void
  ? All
  : never

type AllOptions = Together<OptionsOf<(typeof definitions)[number]>>

/** The options of all learners together; each takes its own. */
export type LearnerOptions = Partial<AllOptions>

/** The learners that a detector file may name. */
export type Learner = (typeof definitions)[number]['name']
export const learners: readonly Learner[] = definitions.map(({ name }) => name)

/** By name, each option of any learner; options that share a name differ in nothing but their defaults. */
export const learnerOptions: ReadonlyMap<string, LearnerOption<unknown>> = new Map(
  definitions.flatMap(({ options }) => Object.entries<LearnerOption<unknown>>(options)),
)

/** What detector files say of an option. */
type OptionShape = {
  readonly [Name in keyof AllOptions]: z.ZodOptional<z.ZodType<AllOptions[Name]>>
}

const inFiles = [...learnerOptions].flatMap(([name, { schema }]) => (schema ? [[name, schema.optional()]] : []))
const optionShape: OptionShape = Object.fromEntries(inFiles)

export const averages = ['log-odds', 'probability'] as const satisfies readonly AverageOf[]
export const memberWeights = ['equal', 'chosen'] as const

const { seed: _, ...memberShape } = optionShape

/** What learns, and how: the `model` of a detector file. */
export const modelSchema = z
  .strictObject({
    learner: z.enum(learners).optional(),
    /** Learners whose models are averaged with the first one's. */
    average: z.array(z.enum(learners)).max(8).optional(),
    /** Models that are averaged, each with its own options: in place of `learner` and `average`. */
    members: z
      .array(z.strictObject({ learner: z.enum(learners), ...memberShape }))
      .min(2)
      .max(8)
      .optional(),
    averageOf: z.enum(averages).optional(),
    memberWeights: z.enum(memberWeights).optional(),
    ...optionShape,
    scale: z.boolean().optional(),
    oversample: z.number().gt(0).max(1).nullable().optional(),
  })
  .refine(({ members, learner, average }) => members === undefined || (learner ?? average) === undefined, {
    error: 'members name their learners themselves: leave out learner and average',
    path: ['members'],
  })

export type ModelChoice = Readonly<z.infer<typeof modelSchema>>

/** A learner with options: one of the models that are averaged, or the only one. */
export interface Member {
  readonly learner: Learner
  readonly options: LearnerOptions
}

/** How several models are averaged. */
export interface Averaging {
  readonly averageOf: AverageOf
  /** Equal ones, or chosen on the rows that calibration is fitted on. */
  readonly memberWeights: (typeof memberWeights)[number]
}
