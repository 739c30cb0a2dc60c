import type { Steps } from '../core/time-slices.ts'
import { z } from '../core/zod.ts'
import type { AverageModel } from './average.ts'
import { modelKinds } from './kinds/index.ts'
import type { KindedModel, LinkedExplainer, ModelForm, ModelKind, WrittenModel } from './model-kind.ts'
import type { Tensor } from './safetensors.ts'
import { TensorReader } from './tensor-reader.ts'

type ModelOf<Kind> = Kind extends ModelKind<infer Kinded, infer _Form> ? Kinded : never

/** Every kind of model that a bundle can hold. */
export type LearnedModel =
  | Exclude<ModelOf<(typeof modelKinds)[number]>, { readonly kind: 'average' }>
  | AverageModel<LearnedModel>

const byName: ReadonlyMap<string, ModelKind<KindedModel, ModelForm>> = new Map(
  modelKinds.map((kind): [string, ModelKind<KindedModel, ModelForm>] => [kind.kind, kind]),
)

function kindOf({ kind }: ModelForm): ModelKind<KindedModel, ModelForm> {
  const found = byName.get(kind)
  if (found !== undefined) return found
  throw new Error(`src/models/kinds/index.ts does not list ${kind}`)
}

const members = z.lazy(() => modelForm)
const [firstForm, ...otherForms] = modelKinds.map(({ form }) => form(members))

/** What a bundle says of a model beside its tensors. */
export const modelForm: z.ZodType<ModelForm> = z.discriminatedUnion('kind', [firstForm, ...otherForms])

/** A model as what is said of it and its tensors, whose names begin with `prefix`. */
export function writeModel(model: KindedModel, prefix = ''): WrittenModel {
  const { form, tensors } = kindOf(model).write(model, { write: writeModel })
  const named = Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor] as const)
  return { form, tensors: Object.fromEntries(named) }
}

/**
 * Reads what `writeModel` wrote, in steps.
 *
 * @param invalid makes the error, which is thrown, for a tensor that is not as it should be.
 */
export function* readModel(
  form: ModelForm,
  tensors: Readonly<Record<string, Tensor>>,
  features: readonly string[],
  invalid: (reason: string) => Error,
): Steps<LearnedModel> {
  const model = readPart(form, new TensorReader(tensors, features, invalid))
  yield
  for (const part of partsOf(model)) yield* kindOf(part).check?.(part, invalid) ?? []
  if (isLearned(model)) return model
  throw invalid(`its kind ${model.kind} is unknown`)
}

function readPart(form: ModelForm, reader: TensorReader): KindedModel {
  return kindOf(form).read(form, reader, { read: (member, prefix) => readPart(member, reader.part(prefix)) })
}

function isLearned(model: KindedModel): model is LearnedModel {
  return byName.has(model.kind)
}

/** How to explain a model, or why it can't be explained. */
export function explainModel(model: KindedModel): LinkedExplainer | string {
  return kindOf(model).explain(model, { explain: explainModel })
}

/** Describes the size of a model in a few words. */
export function describeModel(model: KindedModel): string {
  return kindOf(model).describe(model)
}

/** A raw score that the model never exceeds: of trees what their highest leaves make together, of others 1. */
export function highestRawScore(model: KindedModel): number {
  const score = kindOf(model).highestRawScore?.(model, { highestRawScore }) ?? 1
  // Scores are added up in other orders, too, which may give a little more.
  return Math.min(1, score * (1 + 1e-12))
}

/** Nodes of all its trees. */
export function countNodes(model: KindedModel): number {
  return partsOf(model).reduce((sum, part) => sum + (kindOf(part).nodeCount?.(part) ?? 0), 0)
}

/** The first format of bundles whose readers know all of it. */
export function bundleFormat(model: KindedModel): number {
  const members = kindOf(model).membersOf?.(model) ?? []
  return Math.max(kindOf(model).bundleFormat?.(model) ?? 1, ...members.map(bundleFormat))
}

/** The models that a model is made of, down to those that hold no others. */
function partsOf(model: KindedModel): readonly KindedModel[] {
  return kindOf(model).membersOf?.(model).flatMap(partsOf) ?? [model]
}
