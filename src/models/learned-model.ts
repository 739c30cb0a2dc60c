import { z } from '../core/zod.ts'
import { type AverageModel, createAverage } from './average.ts'
import { createLinearModel, type LinearModel } from './linear.ts'
import { createNeuralNetwork, type NeuralNetwork } from './neural-network.ts'
import { createOnnxGraph, type OnnxGraph } from './onnx-graph.ts'
import type { Tensor } from './safetensors.ts'
import type { CategorySplits } from './trees/category-sets.ts'
import { createTreeEnsemble, type TreeEnsemble } from './trees/tree-ensemble.ts'
import type { TreeNodes } from './trees/tree-nodes.ts'

/** Every kind of model that a bundle can hold. */
export type LearnedModel = TreeEnsemble | LinearModel | NeuralNetwork | OnnxGraph | AverageModel<LearnedModel>

/** What a bundle says of a model beside its tensors. */
export type ModelForm =
  | {
      readonly kind: 'tree-ensemble'
      readonly combination:
        | { readonly kind: 'mean' }
        | { readonly kind: 'log-odds'; readonly base: number }
        | { readonly kind: 'isolation'; readonly usualDepth: number }
    }
  | { readonly kind: 'linear'; readonly intercept: number }
  | { readonly kind: 'neural-network'; readonly layers: number }
  | { readonly kind: 'onnx'; readonly input: string; readonly output: string }
  | { readonly kind: 'average'; readonly members: readonly ModelForm[] }

export const modelForm: z.ZodType<ModelForm> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('tree-ensemble'),
    combination: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('mean') }),
      z.strictObject({ kind: z.literal('log-odds'), base: z.number() }),
      z.strictObject({ kind: z.literal('isolation'), usualDepth: z.number().positive() }),
    ]),
  }),
  z.strictObject({ kind: z.literal('linear'), intercept: z.number() }),
  z.strictObject({ kind: z.literal('neural-network'), layers: z.int().min(1).max(64) }),
  z.strictObject({ kind: z.literal('onnx'), input: z.string(), output: z.string() }),
  z.strictObject({
    kind: z.literal('average'),
    get members() {
      return z.array(modelForm).min(1).max(64)
    },
  }),
])

type Tensors = Record<string, Tensor>

/** A model as what is said of it and its tensors, whose names begin with `prefix`. */
export function writeModel(model: LearnedModel, prefix = ''): { readonly form: ModelForm; readonly tensors: Tensors } {
  switch (model.kind) {
    case 'tree-ensemble': {
      const { kind, combination, nodes } = model
      const { categories, ...arrays } = nodes
      return { form: { kind, combination }, tensors: named(prefix, { ...arrays, ...categories }) }
    }
    case 'linear': {
      const { kind, intercept, weights, inputs } = model
      return { form: { kind, intercept }, tensors: named(prefix, { weights, mean: inputs.mean, scale: inputs.scale }) }
    }
    case 'neural-network': {
      const { kind, layers, inputs } = model
      const tensors = named(prefix, { mean: inputs.mean, scale: inputs.scale })
      layers.forEach(({ weights, biases }, i) => {
        Object.assign(tensors, named(`${prefix}layer${i}.`, { weights, biases }))
      })
      return { form: { kind, layers: layers.length }, tensors }
    }
    case 'onnx': {
      const { kind, input, output, graph } = model
      return { form: { kind, input, output }, tensors: named(prefix, { graph }) }
    }
    case 'average': {
      const members = model.members.map((member, i) => writeModel(member, `${prefix}member${i}.`))
      return {
        form: { kind: model.kind, members: members.map(({ form }) => form) },
        tensors: Object.assign(named(prefix, { weights: model.weights }), ...members.map(({ tensors }) => tensors)),
      }
    }
  }
}

function named(prefix: string, tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]))
}

/** Reads what `writeModel` wrote. */
export class ModelReader {
  readonly #tensors: Readonly<Record<string, Tensor>>
  readonly #features: readonly string[]
  readonly #invalid: (reason: string) => Error

  /** @param invalid makes the error for a tensor that is not as it should be. */
  constructor(
    tensors: Readonly<Record<string, Tensor>>,
    features: readonly string[],
    invalid: (reason: string) => Error,
  ) {
    this.#tensors = tensors
    this.#features = features
    this.#invalid = invalid
  }

  /** Throws what `invalid` makes. */
  read(form: ModelForm, prefix = ''): LearnedModel {
    const features = this.#features
    switch (form.kind) {
      case 'tree-ensemble':
        return createTreeEnsemble(features, this.#nodes(prefix), form.combination)
      case 'linear':
        return createLinearModel(
          features,
          this.#scaling(prefix),
          this.#floats(prefix, 'weights', features.length),
          form.intercept,
        )
      case 'neural-network':
        return createNeuralNetwork(features, this.#scaling(prefix), this.#layers(prefix, form.layers))
      case 'onnx':
        return createOnnxGraph(features, { ...form, graph: this.#bytes(prefix, 'graph') }, this.#invalid)
      case 'average': {
        const members = form.members.map((member, i) => this.read(member, `${prefix}member${i}.`))
        const weights = this.#floats(prefix, 'weights', members.length)
        if (weights.every((weight) => weight >= 0)) return createAverage(features, members, weights)
        throw this.#invalid('a weight of an average is below 0')
      }
    }
  }

  #layers(prefix: string, count: number) {
    let width = this.#features.length
    return Array.from({ length: count }, (_, i) => {
      const place = `${prefix}layer${i}.`
      const biases = this.#floats(place, 'biases')
      const weights = this.#floats(place, 'weights', biases.length * width)
      width = biases.length
      if (width === 0 || (i === count - 1 && width !== 1)) throw this.#invalid('its layers do not fit together')
      return { weights, biases }
    })
  }

  #scaling(prefix: string) {
    const length = this.#features.length
    return { mean: this.#floats(prefix, 'mean', length), scale: this.#floats(prefix, 'scale', length) }
  }

  /** The trees; every child stands behind its parent and every feature exists, so that scoring always ends. */
  #nodes(prefix: string): TreeNodes {
    const feature = this.#integers(prefix, 'feature')
    const size = feature.length
    const nodes: TreeNodes = {
      roots: this.#integers(prefix, 'roots'),
      feature,
      threshold: this.#floats(prefix, 'threshold', size),
      left: this.#integers(prefix, 'left', size),
      missingGoesLeft: this.#bytes(prefix, 'missingGoesLeft', size),
      value: this.#floats(prefix, 'value', size),
      cover: this.#floats(prefix, 'cover', size),
      ...(this.#tensors[`${prefix}setAt`] && { categories: this.#categories(prefix, size) }),
    }
    const isSound =
      nodes.roots.length > 0 &&
      nodes.roots.every((root) => root >= 0 && root < size) &&
      feature.every((split, node) => {
        const left = nodes.left[node]
        return split === -1 || (split >= 0 && split < this.#features.length && left > node && left + 1 < size)
      })
    if (!isSound) throw this.#invalid('its trees are inconsistent')
    return nodes
  }

  #categories(prefix: string, size: number): CategorySplits {
    const setAt = this.#integers(prefix, 'setAt', size)
    const sets = this.#integers(prefix, 'sets')
    const isSound = setAt.every((at) => at === -1 || (at >= 0 && at + sets[at] < sets.length && sets[at] >= 0))
    if (!isSound) throw this.#invalid('its sets of categories are cut off')
    return { setAt, sets }
  }

  #floats(prefix: string, name: string, length?: number): Float64Array {
    const tensor = this.#tensors[prefix + name]
    if (tensor instanceof Float64Array && (length === undefined || tensor.length === length)) return tensor
    throw this.#unfit(prefix + name)
  }

  #integers(prefix: string, name: string, length?: number): Int32Array {
    const tensor = this.#tensors[prefix + name]
    if (tensor instanceof Int32Array && (length === undefined || tensor.length === length)) return tensor
    throw this.#unfit(prefix + name)
  }

  #bytes(prefix: string, name: string, length?: number): Uint8Array {
    const tensor = this.#tensors[prefix + name]
    if (tensor instanceof Uint8Array && (length === undefined || tensor.length === length)) return tensor
    throw this.#unfit(prefix + name)
  }

  #unfit(name: string): Error {
    return this.#invalid(`its tensor "${name}" is missing or has the wrong type or length`)
  }
}
