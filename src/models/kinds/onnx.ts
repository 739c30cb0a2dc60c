import { z } from '../../core/zod.ts'
import { defineModelKind } from '../model-kind.ts'
import { createOnnxGraph, type OnnxGraph } from '../onnx-graph.ts'

export const onnxKind = defineModelKind({
  kind: 'onnx',
  form: () => z.strictObject({ kind: z.literal('onnx'), input: z.string(), output: z.string() }),
  write({ kind, input, output, graph }: OnnxGraph) {
    return { form: { kind, input, output }, tensors: { graph } }
  },
  read: (form, reader) => createOnnxGraph(reader.features, { ...form, graph: reader.bytes('graph') }, reader.invalid),
  explain: () => 'it is an ONNX graph, which does not show how inputs contribute',
  describe: () => 'an ONNX graph',
})
