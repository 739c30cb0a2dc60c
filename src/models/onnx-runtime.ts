import { createRequire } from 'node:module'
import { FraudError } from '../core/errors.ts'

// ONNX Runtime's public `run` gives a promise, and is no more than a call of its native binding, which is synchronous, at
// the next turn of the event loop. A score may not wait for a turn: another transaction would come between a history and
// its score. So the binding is called as their own code calls it (dist/backend.js). It is no public interface, hence the
// exact version, which package.json asks for, too.
export const wantedVersion = '1.30.0'

type Package = typeof import('onnxruntime-node')
type Binding = typeof import('onnxruntime-node/dist/binding.js')

function loadRuntime(): Pick<Package, 'Tensor'> & Pick<Binding, 'binding'> {
  const require = createRequire(import.meta.url)
  const install = `install it with "npm install onnxruntime-node@${wantedVersion}"`
  try {
    const { version }: { version: string } = require('onnxruntime-node/package.json')
    if (version !== wantedVersion) {
      throw new FraudError(
        'RUNTIME_MISSING',
        `This model needs onnxruntime-node ${wantedVersion}, not ${version}: ${install}`,
      )
    }
    const { Tensor, env }: Package = require('onnxruntime-node')
    const { binding, initOrt }: Binding = require('onnxruntime-node/dist/binding.js')
    // What it has to say it says in the errors that it throws.
    env.logLevel = 'fatal'
    initOrt()
    return { Tensor, binding }
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    throw new FraudError(
      'RUNTIME_MISSING',
      `This model is run by the package onnxruntime-node, which can't be loaded: ${install}`,
      { cause },
    )
  }
}

/**
 * Makes a graph of one input, a tensor of [1, width] in single precision, ready: the row that begins at a place -> the
 * numbers of its output. Always on one thread, so that sums are taken in the same order.
 *
 * @throws FraudError RUNTIME_MISSING where the package is not there; what ONNX Runtime throws where the graph is damaged.
 */
export function openGraph(
  graph: Uint8Array,
  { input, output, width }: { readonly input: string; readonly output: string; readonly width: number },
): (rows: Float64Array, start: number) => ArrayLike<unknown> {
  const { binding, Tensor } = loadRuntime()
  const session = new binding.InferenceSession()
  // A copy, since its memory must be nobody else's.
  const bytes = Uint8Array.from(graph)
  session.loadModel(bytes.buffer, 0, bytes.length, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  })
  const values = new Float32Array(width)
  const feeds = { [input]: new Tensor('float32', values, [1, width]) }
  const fetches = { [output]: null }
  return (rows, start) => {
    for (let i = 0; i < width; i++) values[i] = rows[start + i]
    const { data } = session.run(feeds, fetches, {})[output]
    return data
  }
}
