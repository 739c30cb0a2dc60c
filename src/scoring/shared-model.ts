import type { Steps } from '../core/time-slices.ts'
import type { Bundle } from '../models/bundle.ts'
import type { Calibration } from '../models/calibration.ts'
import { countNodes, type LearnedModel, writeModel } from '../models/learned-model.ts'
import type { WrittenModel } from '../models/model-kind.ts'
import type { Tensor } from '../models/safetensors.ts'
import type { Scaling } from '../models/scaling.ts'

/** Trees with so many nodes are out of the processor's cache: a row takes long enough to be worth a thread. */
const fewestNodes = 250_000
/** What is copied in a step. */
const copiedAtOnce = 1 << 16

/** A model as plain data, whose tensors all threads share. */
export interface SharedModel {
  readonly features: readonly string[]
  readonly written: WrittenModel
  readonly scaling: Scaling | undefined
  readonly calibration: Calibration
}

/** Whether a row takes so long that another thread is worth asking. */
export function isSlow(model: LearnedModel): boolean {
  return countNodes(model) >= fewestNodes
}

export function* shareModel({ model, scaling, calibration }: Bundle): Steps<SharedModel> {
  const { form, tensors } = writeModel(model)
  const shared: Record<string, Tensor> = {}
  for (const [name, tensor] of Object.entries(tensors)) shared[name] = yield* share(tensor)
  return { features: model.features, written: { form, tensors: shared }, scaling, calibration }
}

function* share(tensor: Tensor): Steps<Tensor> {
  const buffer = new SharedArrayBuffer(tensor.byteLength)
  const bytes = new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength)
  const copy = new Uint8Array(buffer)
  for (let at = 0; at < bytes.length; at += copiedAtOnce) {
    copy.set(bytes.subarray(at, at + copiedAtOnce), at)
    yield
  }
  if (tensor instanceof Float64Array) return new Float64Array(buffer)
  return tensor instanceof Int32Array ? new Int32Array(buffer) : copy
}
