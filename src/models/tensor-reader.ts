import type { Tensor } from './safetensors.ts'
import type { Scaling } from './scaling.ts'

/** The tensors of one model in a bundle, whose names begin with a prefix; each is checked as it is read. */
export class TensorReader {
  readonly features: readonly string[]
  readonly invalid: (reason: string) => Error
  readonly #tensors: Readonly<Record<string, Tensor>>
  readonly #prefix: string

  /** @param invalid makes the error for a tensor that is not as it should be. */
  constructor(
    tensors: Readonly<Record<string, Tensor>>,
    features: readonly string[],
    invalid: (reason: string) => Error,
    prefix = '',
  ) {
    this.#tensors = tensors
    this.features = features
    this.invalid = invalid
    this.#prefix = prefix
  }

  /** The tensors of a part of the model. */
  part(prefix: string): TensorReader {
    return new TensorReader(this.#tensors, this.features, this.invalid, this.#prefix + prefix)
  }

  has(name: string): boolean {
    return this.#tensors[this.#prefix + name] !== undefined
  }

  floats(name: string, length?: number): Float64Array {
    const tensor = this.#tensors[this.#prefix + name]
    if (tensor instanceof Float64Array && (length === undefined || tensor.length === length)) return tensor
    throw this.#unfit(name)
  }

  /** Floats none of which is NaN or infinite. */
  numbers(name: string, length?: number): Float64Array {
    const numbers = this.floats(name, length)
    if (areFinite(numbers)) return numbers
    throw this.invalid(`its tensor "${this.#prefix + name}" holds what is not a number`)
  }

  integers(name: string, length?: number): Int32Array {
    const tensor = this.#tensors[this.#prefix + name]
    if (tensor instanceof Int32Array && (length === undefined || tensor.length === length)) return tensor
    throw this.#unfit(name)
  }

  bytes(name: string, length?: number): Uint8Array {
    const tensor = this.#tensors[this.#prefix + name]
    if (tensor instanceof Uint8Array && (length === undefined || tensor.length === length)) return tensor
    throw this.#unfit(name)
  }

  /** How inputs are standardised, one number for each feature. */
  scaling(): Scaling {
    const { length } = this.features
    const scaling = { mean: this.numbers('mean', length), scale: this.numbers('scale', length) }
    if (scaling.scale.every((each) => each > 0)) return scaling
    throw this.invalid('a scale of its inputs is not above 0')
  }

  #unfit(name: string): Error {
    return this.invalid(`its tensor "${this.#prefix + name}" is missing or has the wrong type or length`)
  }
}

/** Of a million numbers a callback for each would take ten times as long. */
function areFinite(numbers: Float64Array): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false
  return true
}
