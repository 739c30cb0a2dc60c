import type { Steps } from '../core/time-slices.ts'
import type { z } from '../core/zod.ts'
import type { AlongPath, PivotedPath } from './carry-along.ts'
import type { SmoothedLink } from './carry-to-probability.ts'
import type { ContributionScale, Explanation } from './contributions.ts'
import type { Model } from './model.ts'
import type { Tensor } from './safetensors.ts'
import type { TensorReader } from './tensor-reader.ts'

/** A model that says of which kind it is. */
export interface KindedModel extends Model {
  readonly kind: string
}

/** What a bundle says of a model beside its tensors. */
export interface ModelForm {
  readonly kind: string
}

export interface WrittenModel<Form extends ModelForm = ModelForm> {
  readonly form: Form
  readonly tensors: Readonly<Record<string, Tensor>>
}

export interface Explainer {
  readonly scale: ContributionScale
  explain(row: Float64Array): Explanation
}

/** An explainer of one model, with what makes probabilities of another scale. */
export interface LinkedExplainer extends Explainer {
  readonly link: SmoothedLink | undefined
  /** How the output comes about, of models that know it better than their contributions tell. */
  along?(row: Float64Array): AlongPath
  /** The same, of models whose output is a probability, in which one or two features may turn everything. */
  pivoted?(row: Float64Array): PivotedPath
}

/** What a model that holds others asks of their kinds. */
export interface Members {
  /** Puts the prefix before the names of tensors. */
  write(model: KindedModel, prefix: string): WrittenModel
  read(form: ModelForm, prefix: string): KindedModel
  /** How to explain it, or why it can't be explained. */
  explain(model: KindedModel): LinkedExplainer | string
  highestRawScore(model: KindedModel): number
}

/** Everything that bundles, explanations and reports know of a kind of model; it is in the kind's own file. */
export interface ModelKind<Kinded extends KindedModel, Form extends ModelForm> {
  readonly kind: Kinded['kind']
  /** How a bundle describes such a model, whose members have forms, too. */
  readonly form: (members: z.ZodType<ModelForm>) => z.ZodType<Form> & z.core.$ZodTypeDiscriminable
  /** The kinds in order: a bundle's bytes depend on it. */
  write(model: Kinded, members: Pick<Members, 'write'>): WrittenModel<Form>
  /** Throws what the reader's `invalid` makes of tensors that are not as they should be. */
  read(form: Form, reader: TensorReader, members: Pick<Members, 'read'>): Kinded
  /** Goes through what `read` did not look at, since there may be much of it. Throws what `invalid` makes. */
  check?(model: Kinded, invalid: (reason: string) => Error): Steps
  /** How to explain it, or why it can't be explained. */
  explain(model: Kinded, members: Pick<Members, 'explain'>): LinkedExplainer | string
  /** Describes its size in a few words. */
  describe(model: Kinded): string
  /** A raw score that the model never exceeds; 1 where a kind does not say. */
  highestRawScore?(model: Kinded, members: Pick<Members, 'highestRawScore'>): number
  /** The models that it is made of. */
  membersOf?(model: Kinded): readonly KindedModel[]
  /** Nodes of trees, by which the time of an explanation is told; 0 where a kind does not say. */
  nodeCount?(model: Kinded): number
  /** The first format of bundles whose readers know all that it is made of, beside its members; 1 where a kind does not say. */
  bundleFormat?(model: Kinded): 1 | 2 | 3
}

export function defineModelKind<Kinded extends KindedModel, Form extends ModelForm>(
  kind: ModelKind<Kinded, Form>,
): ModelKind<Kinded, Form> {
  return kind
}
