// One row at a time in ONNX Runtime for Node: DIR with model.onnx, rows.npy and expected.npy, as one_row.py leaves them.
// Speaks as that one does: a line when ready, a line for every round.
import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'
import { answerRounds, readExported, roundMs } from '../harness/one-row-rounds.ts'
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

const folder = process.argv[2]
const runtime: Runtime = createRequire(nodePeers)('onnxruntime-node')
const exported = readExported(folder)
const rows = exported.rows.map((row) => Float32Array.from(row))
const width = rows[0].length

// One tensor, filled again for each row: making one per row only costs time.
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
    for (let end = done + 100; done < end; done++) await score(rows[done % rows.length])
    const elapsedMs = performance.now() - start
    if (elapsedMs >= roundMs) return (elapsedMs / done) * 1000
  }
}

const variants = new Map<string, () => Promise<number>>()
const differences: Record<string, number> = {}
for (const [threadsName, threads] of [
  ['1 thread', { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' }],
  ['default threads', {}],
] as const) {
  const name = `ONNX Runtime, Node, ${threadsName}`
  const score = await scoreWith(await runtime.InferenceSession.create(`${folder}/model.onnx`, threads))
  let most = 0
  for (let row = 0; row < rows.length; row += 10) {
    most = Math.max(most, Math.abs((await score(rows[row])) - exported.expected[row]))
  }
  differences[name] = most
  variants.set(name, () => microsecondsPerRow(score))
}
await answerRounds({ differences }, variants)
