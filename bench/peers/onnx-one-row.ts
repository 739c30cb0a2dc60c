// One row at a time through the recipe's forest in ONNX Runtime for Node: MODEL_DIR with forest.onnx, rows.npy and
// expected.npy, as onnx_one_row.py leaves them. Speaks as that one does: a line when ready, a line for every round.
import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { readNpy } from '../harness/npy.ts'
import { nodePeers } from '../harness/peers.ts'

interface Tensor {
  readonly data: Float32Array
}

interface Session {
  readonly inputNames: readonly string[]
  run(feeds: Readonly<Record<string, Tensor>>, fetches: readonly string[]): Promise<{ readonly probabilities: Tensor }>
}

interface Runtime {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Tensor
  readonly InferenceSession: { create(path: string, options: Readonly<Record<string, unknown>>): Promise<Session> }
}

const roundMs = 1000
const folder = process.argv[2]
const runtime: Runtime = createRequire(nodePeers)('onnxruntime-node')
const { values, shape } = readNpy(`${folder}/rows.npy`)
const [rowCount, width] = shape
const rows = Array.from({ length: rowCount }, (_, row) =>
  Float32Array.from(values.subarray(row * width, (row + 1) * width)),
)
const expected = readNpy(`${folder}/expected.npy`).values

// One tensor, filled anew for each row: making one per row only costs time.
const tensor = new runtime.Tensor('float32', new Float32Array(width), [1, width])

async function scoreWith(session: Session): Promise<(row: Float32Array) => Promise<number>> {
  const feeds = { [session.inputNames[0]]: tensor }
  return async (row) => {
    tensor.data.set(row)
    const { probabilities } = await session.run(feeds, ['probabilities'])
    return probabilities.data[1]
  }
}

async function microsecondsPerRow(score: (row: Float32Array) => Promise<number>): Promise<number> {
  const start = performance.now()
  for (let done = 0; ; ) {
    for (let end = done + 100; done < end; done++) await score(rows[done % rowCount])
    const elapsedMs = performance.now() - start
    if (elapsedMs >= roundMs) return (elapsedMs / done) * 1000
  }
}

const variants = new Map<string, (row: Float32Array) => Promise<number>>()
let maxDifference = 0
for (const [name, threads] of [
  ['1 thread', { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' }],
  ['default threads', {}],
] as const) {
  const score = await scoreWith(await runtime.InferenceSession.create(`${folder}/forest.onnx`, threads))
  for (let row = 0; row < rowCount; row += 10) {
    maxDifference = Math.max(maxDifference, Math.abs((await score(rows[row])) - expected[row]))
  }
  variants.set(`ONNX Runtime, Node, ${name}`, score)
}
process.stdout.write(`${JSON.stringify({ maxDifference })}\n`)
for await (const _ of createInterface({ input: process.stdin })) {
  const result: Record<string, number> = {}
  for (const [name, score] of variants) result[name] = await microsecondsPerRow(score)
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
