import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import { atOnce } from '../core/time-slices.ts'
import { type BundleContent, decodeBundle, encodeBundle } from './bundle.ts'
import { writeModel } from './learned-model.ts'
import { decodeTensors, encodeTensors, hashOfTensors } from './safetensors.ts'
import { createSet } from './trees/category-sets.ts'
import { createTreeEnsemble } from './trees/tree-ensemble.ts'

const forest = createTreeEnsemble(['V1', 'Amount €'], {
  roots: Int32Array.of(0, 3),
  feature: Int32Array.of(0, -1, -1, 1, -1, -1),
  threshold: Float64Array.of(-1.5, 0, 0, 220, 0, 0),
  left: Int32Array.of(1, 0, 0, 4, 0, 0),
  missingGoesLeft: Uint8Array.of(1, 0, 0, 0, 0, 0),
  value: Float64Array.of(0.5, 1, 0, 0.5, 0.25, 0.75),
  cover: Float64Array.of(10, 4, 6, 10, 5, 5),
})

const content: BundleContent = {
  detector: {
    detector: 'small',
    transaction: { time: { field: 'Time', format: 'seconds-since' }, label: { field: 'Class' } },
    features: ['V1', 'Amount €'],
  },
  preset: 'default',
  learner: 'random-forest',
  options: { nEstimators: 2, maxDepth: null },
  seed: 42,
  model: forest,
  scaling: { mean: Float64Array.of(0, 88), scale: Float64Array.of(1, 250) },
  calibration: { method: 'platt', epsilon: 0.005, slope: 1.2, intercept: -4 },
  threshold: { value: 0.31, inclusive: true, chosenBy: 'best F1' },
  metrics: { averagePrecision: 0.8 },
  training: {
    fingerprint: 'ab'.repeat(32),
    rows: 1000,
    frauds: 12,
    calibrationRows: 200,
    split: { by: 'time', field: 'Time', from: 0, to: 86_399 },
    refit: false,
  },
  example: { V1: -0.5, 'Amount €': 12.5 },
}

function isInvalid(error: unknown): boolean {
  return error instanceof FraudError && error.code === 'BUNDLE_INVALID'
}

describe('a bundle', () => {
  test('keeps how its options were found, where they were searched for', () => {
    const figures = { trial: 3, folds: [0.8, 0.7], mean: 0.75, standardDeviation: 0.05 }
    const tuning = {
      objective: 'card-precision',
      k: 50,
      seed: 42,
      trials: 30,
      failed: 1,
      folds: { trainMs: 1000, delayMs: 0, testMs: 500, folds: 2 },
      winner: figures,
      current: { ...figures, trial: 0 },
      space: [{ learner: 'random-forest', dimensions: [] }],
    }
    const tuned = decodeBundle(encodeBundle({ ...content, tuning }).bytes)
    assert.deepEqual(tuned.tuning, tuning)
    assert.ok(!('tuning' in decodeBundle(encodeBundle(content).bytes)))
  })

  test('without metrics has a format of its own, which an older Shrike refuses', () => {
    const calibration = { method: 'rank', knots: [0, 0.4, 1], values: [0, 0.2, 0.8] } as const
    const { frauds: _, ...training } = content.training
    const unmeasured = { ...content, calibration, metrics: null, training: { ...training, frauds: null } }
    const { bytes } = encodeBundle(unmeasured)
    assert.equal(atOnce(decodeTensors(bytes)).metadata.formatVersion, '3')
    const read = decodeBundle(bytes)
    assert.deepEqual([read.metrics, read.training.frauds, read.calibration], [null, null, calibration])
    for (const values of [
      [0, 0.2, 1.1],
      [0, 0.5, 0.5],
      [0.1, 0.2, 0.8],
      [0, 0.8],
    ]) {
      const broken = encodeBundle({ ...unmeasured, calibration: { ...calibration, values } })
      assert.throws(() => decodeBundle(broken.bytes), isInvalid)
    }
  })

  test('reads back what was written, under the id that writing told', () => {
    const { bytes, id } = encodeBundle(content)
    const bundle = decodeBundle(bytes)
    assert.match(id, /^small@[0-9a-f]{12}$/)
    const { model, id: readId, ...rest } = bundle
    const { model: written, ...expected } = content
    assert.deepEqual(rest, expected)
    assert.deepEqual(writeModel(model), writeModel(written))
    assert.equal(readId, id)
    for (const row of [Float64Array.of(-2, 300), Float64Array.of(Number.NaN, 220), Float64Array.of(0, Number.NaN)]) {
      assert.equal(model.predictProba(row), written.predictProba(row))
    }
    assert.deepEqual(encodeBundle(content).bytes, bytes)
  })

  test('with splits on categories is of a version that a Shrike without them refuses', () => {
    const categories = { setAt: Int32Array.of(0, -1, -1, -1, -1, -1), sets: Int32Array.of(1, 0b101) }
    const threshold = forest.nodes.threshold.with(0, Number.NaN)
    const model = createTreeEnsemble(forest.features, { ...forest.nodes, threshold, categories })
    for (const [given, version] of [
      [forest, '1'],
      [model, '2'],
    ] as const) {
      const { bytes } = encodeBundle({ ...content, model: given })
      assert.equal(atOnce(decodeTensors(bytes)).metadata.formatVersion, version)
      assert.deepEqual(writeModel(decodeBundle(bytes).model), writeModel(given))
    }
  })

  test('is refused when any byte of it differs', () => {
    const { bytes } = encodeBundle(content)
    for (let i = 0; i < bytes.length; i++) {
      for (const flip of [0x01, 0x20, 0x80]) {
        const damaged = bytes.slice()
        damaged[i] ^= flip
        assert.throws(() => decodeBundle(damaged), isInvalid, `byte ${i} of ${bytes.length}, flipped by ${flip}`)
      }
    }
  })

  test('is refused when cut off anywhere, or longer than written', () => {
    const { bytes } = encodeBundle(content)
    for (let length = 0; length < bytes.length; length++)
      assert.throws(() => decodeBundle(bytes.slice(0, length)), isInvalid)
    assert.throws(() => decodeBundle(Buffer.concat([bytes, Buffer.from([0])])), isInvalid)
  })

  test('has the same hash read in pieces of any size, and is refused when any byte of it differs or lacks', async () => {
    const { bytes } = encodeBundle(content)
    const { sha256 } = atOnce(decodeTensors(bytes))
    const buffer = new Uint8Array(bytes.length)
    async function* inPieces(given: Uint8Array, size: number) {
      for (let at = 0; at < given.length; at += size) {
        const piece = given.subarray(at, at + size)
        buffer.fill(0)
        buffer.set(piece)
        yield buffer.subarray(0, piece.length)
      }
    }
    for (const size of [1, 7, 64, 1000, bytes.length])
      assert.equal(await hashOfTensors(inPieces(bytes, size)), sha256, `${size}`)
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice()
      damaged[i] ^= 0x20
      await assert.rejects(hashOfTensors(inPieces(damaged, 500)), isInvalid, `byte ${i}`)
      await assert.rejects(hashOfTensors(inPieces(bytes.subarray(0, i), 500)), isInvalid, `${i} bytes`)
    }
    await assert.rejects(hashOfTensors(inPieces(Buffer.concat([bytes, Buffer.alloc(1)]), 500)), isInvalid)
  })

  test('is refused, with the versions, when it is too new', () => {
    const { metadata, tensors } = atOnce(decodeTensors(encodeBundle(content).bytes))
    const { sha256: _, ...rest } = metadata
    const { bytes } = encodeTensors({ metadata: { ...rest, formatVersion: '4' }, tensors })
    assert.throws(() => decodeBundle(bytes), /version 4, and this Shrike reads 1, 2, 3/)
  })

  test('is refused when its trees are inconsistent, so that scoring always ends', () => {
    const { nodes } = forest
    const broken = [
      { ...nodes, left: Int32Array.of(0, 0, 0, 4, 0, 0) },
      { ...nodes, left: Int32Array.of(5, 0, 0, 4, 0, 0) },
      { ...nodes, feature: Int32Array.of(2, -1, -1, 1, -1, -1) },
      { ...nodes, roots: Int32Array.of(0, 6) },
      { ...nodes, value: Float64Array.of(1) },
      // Two parents with the same children: of many levels, there would be more paths than anybody can follow.
      {
        ...nodes,
        roots: Int32Array.of(0, 5),
        feature: Int32Array.of(0, 1, 1, -1, -1, -1),
        left: Int32Array.of(1, 3, 3, 0, 0, 0),
      },
      // What single rows and many at once would read otherwise.
      { ...nodes, missingGoesLeft: Uint8Array.of(2, 0, 0, 0, 0, 0) },
      {
        ...nodes,
        categories: { setAt: Int32Array.of(0, -1, -1, -1, -1, -1), sets: Int32Array.from(createSet([1])) },
      },
    ]
    for (const each of broken) {
      const { bytes } = encodeBundle({ ...content, model: createTreeEnsemble(content.model.features, each) })
      assert.throws(() => decodeBundle(bytes), isInvalid)
    }
  })

  test('has a scaling of a column that was never there', () => {
    const scaling = { mean: Float64Array.of(0, Number.NaN), scale: Float64Array.of(1, Number.NaN) }
    assert.deepEqual(decodeBundle(encodeBundle({ ...content, scaling }).bytes).scaling, scaling)
    const short = { ...scaling, scale: Float64Array.of(1) }
    assert.throws(() => decodeBundle(encodeBundle({ ...content, scaling: short }).bytes), isInvalid)
  })

  test('is refused with a calibration that makes no probability', () => {
    const platt = { method: 'platt', epsilon: 0.005, slope: 1, intercept: 0 } as const
    const isotonic = { method: 'isotonic', epsilon: 0.005, knots: [-1, 1], values: [-2, 2], tilt: 0.01 } as const
    assert.deepEqual(decodeBundle(encodeBundle({ ...content, calibration: isotonic }).bytes).calibration, isotonic)
    const broken: readonly Partial<BundleContent>[] = [
      ...[0, 0.5, -1, Number.NaN].map((epsilon) => ({ calibration: { ...platt, epsilon } })),
      ...[[], [1, -1], [1, 1], [0, 1, 2]].map((knots) => ({ calibration: { ...isotonic, knots } })),
    ]
    for (const each of broken)
      assert.throws(() => decodeBundle(encodeBundle({ ...content, ...each }).bytes), isInvalid, JSON.stringify(each))
  })
})
