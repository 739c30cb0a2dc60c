import { FraudError } from '../../core/errors.ts'
import { tellIssues, z } from '../../core/zod.ts'

const damaged = (reason: string) => new FraudError('MODEL_INVALID', `This is not a usable XGBoost model: ${reason}`)

const numbers = z.array(z.number())
const count = z.union([z.string(), z.number()]).transform(Number)
const treeSchema = z.object({
  left_children: numbers,
  right_children: numbers,
  split_indices: numbers,
  /** Null where a node splits on categories, in files before version 3. */
  split_conditions: z.array(z.number().nullable()),
  split_type: numbers.optional(),
  /** The numbers of the nodes that split on categories, and where in the list those that go right begin. */
  categories: numbers.default([]),
  categories_nodes: numbers.default([]),
  categories_segments: numbers.default([]),
  categories_sizes: numbers.default([]),
  default_left: z.array(z.union([z.number(), z.boolean()])),
  sum_hessian: numbers,
})
const treesSchema = z.object({
  trees: z.array(treeSchema),
  /** Where the trees of each round begin, and where the last ones end (version 2 and later). */
  iteration_indptr: numbers.optional(),
  gbtree_model_param: z.object({ num_parallel_tree: count.optional() }).default({}),
  /** For each feature, the texts or whole numbers that a data frame's categories were, in order (version 3.1 and later). */
  cats: z
    .object({ enc: z.array(z.object({ offsets: numbers.optional(), values: numbers.default([]) })).default([]) })
    .default({ enc: [] }),
})
const modelSchema = z.object({
  learner: z.object({
    attributes: z
      .object({
        best_iteration: count.optional(),
        best_ntree_limit: count.optional(),
        scikit_learn: z.string().default(''),
      })
      .default({ scikit_learn: '' }),
    feature_names: z.array(z.string()).default([]),
    gradient_booster: z.discriminatedUnion('name', [
      z.object({ name: z.literal('gbtree'), model: treesSchema }),
      z.object({ name: z.literal('dart'), gbtree: z.object({ model: treesSchema }), weight_drop: numbers }),
    ]),
    learner_model_param: z.object({
      base_score: z.union([z.string(), z.number()]),
      num_class: count,
      num_feature: count,
      num_target: count.default(1),
    }),
    objective: z.object({ name: z.string() }),
  }),
  version: numbers,
})

export type XgboostTree = z.infer<typeof treeSchema>
export type XgboostTrees = z.infer<typeof treesSchema>
export type XgboostAttributes = z.infer<typeof modelSchema>['learner']['attributes']

/**
 * The learner of a file that XGBoost saved as JSON.
 *
 * @throws FraudError MODEL_INVALID where it is something else, MODEL_UNSUPPORTED where it is not made of trees.
 */
export function parseXgboost(json: unknown): z.infer<typeof modelSchema>['learner'] {
  checkKind(json)
  const parsed = modelSchema.safeParse(json)
  if (!parsed.success) throw damaged(tellIssues(parsed.error))
  return parsed.data.learner
}

const outline = z.object({
  tree_info: z.unknown(),
  learner: z
    .object({
      learner_train_param: z.unknown(),
      gradient_booster: z.object({ name: z.string(), model: z.unknown() }).partial().optional(),
    })
    .partial()
    .optional(),
})

/** What else is JSON and is taken for a model: each with what it is and what to do. */
function checkKind(json: unknown): void {
  if (Array.isArray(json)) throw damaged('it is a dump (dump_model): save the model with save_model')
  const { data } = outline.partial().safeParse(json)
  if (data?.tree_info !== undefined) {
    throw new FraudError(
      'MODEL_INVALID',
      "This is LightGBM's dump (dump_model), which is not supported: save the model as text with save_model",
    )
  }
  const booster = data?.learner?.gradient_booster
  if (booster?.name !== undefined && !['gbtree', 'dart'].includes(booster.name)) {
    throw new FraudError(
      'MODEL_UNSUPPORTED',
      `This XGBoost model can't be used: its booster is ${booster.name}, but only gbtree and dart have trees`,
    )
  }
  if (data?.learner?.learner_train_param !== undefined && booster?.model === undefined) {
    throw damaged('it is a configuration (save_config), which has no trees: save the model with save_model')
  }
}
