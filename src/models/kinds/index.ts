import { averageKind } from './average.ts'
import { linearKind } from './linear.ts'
import { neuralNetworkKind } from './neural-network.ts'
import { onnxKind } from './onnx.ts'
import { treeEnsembleKind } from './tree-ensemble.ts'

/** Every kind of model that a bundle can hold, each in its own file. */
export const modelKinds = [treeEnsembleKind, linearKind, neuralNetworkKind, onnxKind, averageKind] as const
