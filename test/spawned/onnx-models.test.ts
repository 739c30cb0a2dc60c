import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { FraudError } from '../../src/core/errors.ts'
import { createRandom } from '../../src/core/random.ts'
import { createDetectorInForce } from '../../src/deciding/detector-in-force.ts'
import { parseDetector } from '../../src/detector/detector.ts'
import { createExplainer, whyUnexplained } from '../../src/models/explanation.ts'
import type { LearnedModel } from '../../src/models/learned-model.ts'
import { largestWhere } from '../../src/models/loaders/float32.ts'
import { readOnnx } from '../../src/models/loaders/onnx.ts'
import { createOnnxGraph } from '../../src/models/onnx-graph.ts'
import { wantedVersion } from '../../src/models/onnx-runtime.ts'
import { createPredictor, readBundle } from '../../src/scoring/load-predictor.ts'
import { runIn, startShrike, succeedIn } from '../run-shrike.ts'
import { closedAfterEach, openTestDecisions, startMs } from '../service/decisions-fixture.ts'
import { buildTestService } from '../service/fixture.ts'

interface Case {
  readonly name: string
  readonly kind: 'trees' | 'graph'
  readonly model: string
  readonly rows: (number | null)[][]
  readonly probabilities: number[]
}

interface Golden {
  readonly cases: Case[]
  readonly refused: { readonly reason: string; readonly model: string }[]
  /** Answers log-odds. */
  readonly noProbability: string
}

const path = process.env.SHRIKE_ONNX_MODELS ?? 'test/golden/onnx-models.json'
const golden: Golden = JSON.parse(readFileSync(path, 'utf8'))
const names = ['A', 'B', 'C', 'D']
const bytesOf = ({ model }: { readonly model: string }) => Buffer.from(model, 'base64')
const caseOf = (name: string) => golden.cases.find((each) => each.name === name) ?? assert.fail()
const invalid = (reason: string) => new FraudError('MODEL_INVALID', reason)

function load(bytes: Uint8Array): LearnedModel {
  const model = readOnnx(bytes)
  return model.kind === 'onnx' ? createOnnxGraph(names.slice(0, model.width), model, invalid) : model
}

for (const each of golden.cases) {
  describe(`an ONNX file of ${each.name}`, () => {
    const model = load(bytesOf(each))
    const rows = each.rows.map((row) => Float64Array.from(row, (value) => value ?? Number.NaN))

    test('answers as it does in ONNX Runtime, to 1e-6, at edges and missing values, too', () => {
      assert.equal(model.kind, each.kind === 'trees' ? 'tree-ensemble' : 'onnx')
      rows.forEach((row, i) => {
        const [ours, theirs] = [model.predictProba(row), each.probabilities[i]]
        assert.ok(Math.abs(ours - theirs) <= 1e-6, `${row}: ${ours}, there ${theirs}`)
      })
    })

    test('answers many rows at once as one by one, and explains none', () => {
      const flat = Float64Array.from(rows.flatMap((row) => [...row]))
      assert.deepEqual([...model.predictProbaOfRows(flat)], rows.map(model.predictProba))
      assert.equal(createExplainer(model), undefined)
      assert.match(whyUnexplained(model) ?? '', each.kind === 'trees' ? /the number of rows/ : /ONNX graph/)
    })
  })
}

describe('what is no usable ONNX file', () => {
  for (const each of golden.refused) {
    test(`is refused with its reason: ${each.reason}`, () => {
      const isReason = (error: unknown) =>
        error instanceof FraudError && error.code === 'MODEL_UNSUPPORTED' && error.message.includes(each.reason)
      assert.throws(() => readOnnx(bytesOf(each)), isReason)
    })
  }

  test('is called invalid wherever it is cut off', () => {
    for (const each of golden.cases) {
      const bytes = bytesOf(each)
      for (let length = 0; length < bytes.length; length += Math.ceil(bytes.length / 200)) {
        assert.throws(() => readOnnx(bytes.subarray(0, length)), { code: 'MODEL_INVALID' }, `${each.name}, ${length}`)
      }
    }
  })

  test('is refused or still answers with a probability where bytes differ', () => {
    const random = createRandom(11)
    for (const each of golden.cases) {
      for (let run = 0; run < 40; run++) {
        const bytes = bytesOf(each)
        for (let i = random.integer(4); i >= 0; i--) bytes[random.integer(bytes.length)] = random.integer(256)
        try {
          const model = load(bytes)
          const probability = model.predictProba(new Float64Array(model.features.length))
          assert.ok(probability >= 0 && probability <= 1)
        } catch (error) {
          assert.ok(error instanceof FraudError && error.code.startsWith('MODEL_'), String(error))
        }
      }
    }
  })
})

test('the largest number of which a claim in single precision holds is found', () => {
  const up = Math.fround(1 + 2 ** -23)
  assert.equal(
    largestWhere((value) => value <= 1),
    // Halfway to the next one, which is rounded to 1, the even one.
    (1 + up) / 2,
  )
  for (const limit of [-3.5e38, -1e30, -0.1, 0, 1e-45, 0.1, 3.4e38]) {
    const most = largestWhere((value) => value < Math.fround(limit))
    if (Number.isNaN(most)) assert.equal(Math.fround(limit), Number.NEGATIVE_INFINITY)
    else assert.ok(Math.fround(most) < Math.fround(limit))
  }
  assert.equal(
    largestWhere(() => true),
    Number.POSITIVE_INFINITY,
  )
})

describe('shrike import of an ONNX file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-onnx-'))
  const at = (name: string) => join(folder, name)
  const importInto = (out: string, file: string, variables = {}) =>
    startShrike(folder, ['import', file, '--detector', 'four.yaml', '--out', out], variables).ended
  const [forest, network] = [caseOf('RandomForestClassifier'), caseOf('MLPClassifier')]
  const open = closedAfterEach()

  before(() => {
    writeFileSync(
      at('four.yaml'),
      `detector: four\ntransaction:\n  label: { field: fraud }\nfeatures: [${names.join()}]\n`,
    )
    writeFileSync(at('forest.onnx'), bytesOf(forest))
    writeFileSync(at('network.onnx'), bytesOf(network))
    writeFileSync(at('log-odds.onnx'), Buffer.from(golden.noProbability, 'base64'))
    const lines = network.rows.map((row, i) => [...row, i % 2].join())
    writeFileSync(at('rows.csv'), [[...names, 'fraud'].join(), ...lines].join('\n'))
    // As if nobody had installed it.
    writeFileSync(
      at('without-runtime.cjs'),
      `const Module = require('node:module')
       const resolve = Module._resolveFilename
       Module._resolveFilename = function (name, ...rest) {
         if (name.startsWith('onnxruntime-node')) throw Object.assign(new Error('none'), { code: 'MODULE_NOT_FOUND' })
         return resolve.call(this, name, ...rest)
       }`,
    )
  })
  after(() => rmSync(folder, { recursive: true }))

  test('makes bundles of forests and of graphs, which score and are evaluated', async () => {
    for (const [file, says] of [
      ['forest', /onnx: 9 trees, 4 features/],
      ['network', /onnx: a graph that ONNX Runtime runs/],
    ] as const) {
      const { code, stdout, stderr } = await importInto(`${file}.safetensors`, `${file}.onnx`)
      assert.equal(code, 0, stderr)
      assert.match(stdout, says)
      assert.match(stderr, /in this order[\s\S]*can't be explained/)
      await succeedIn(folder, ['evaluate', `${file}.safetensors`, 'rows.csv'])
    }
    const scored = await succeedIn(folder, ['score', 'network.safetensors', 'rows.csv'])
    const lines = scored.stdout.trim().split('\n').slice(1)
    assert.equal(lines.length, network.rows.length)
    lines.forEach((line, i) => {
      assert.ok(Math.abs(Number(line.split(',')[1]) - network.probabilities[i]) <= 1e-6, line)
    })
    const { code, stderr } = await runIn(folder, ['explain', 'forest.safetensors', 'rows.csv', '--row', '1'])
    assert.deepEqual([code, /EXPLANATION_UNAVAILABLE.*the number of rows/.test(stderr)], [1, true], stderr)
  })

  test('makes a bundle that is served, to /predict and to /v1/decisions', async () => {
    const bundle = await readBundle(at('network.safetensors'))
    const detector = parseDetector({
      detector: 'cards',
      transaction: {
        id: 'ID',
        time: { field: 'TIME', format: 'epoch-ms' },
        amount: { field: 'AMOUNT', digits: 2 },
        keys: { card: 'CARD' },
        label: { field: 'FRAUD', delay: '1d' },
      },
      features: [
        'amount',
        { count: { by: 'card', over: ['1h', '1d'] } },
        { sum: { of: 'amount', by: 'card', over: '1d' } },
      ],
      policy: { review: 0.5, decline: 0.9 },
    })
    const running = await openTestDecisions({ inForce: createDetectorInForce(detector, createPredictor(bundle)) })
    open.push(running)
    await running.service.resume()
    const { app } = await buildTestService({ decisions: running.service, metrics: running.metrics })
    const body = { ID: 't-1', TIME: startMs, AMOUNT: 20, CARD: 'c' }
    const answer = await app.inject({ method: 'POST', url: '/v1/decisions', body })
    assert.equal(answer.statusCode, 200, answer.body)
    assert.equal(answer.json().score, bundle.model.predictProba(Float64Array.of(20, 1, 1, 20)))
    const { app: predicting } = await buildTestService({}, createPredictor(bundle))
    const predicted = await predicting.inject({ method: 'POST', url: '/predict/', body: { A: 20, B: 1, C: 1, D: 20 } })
    assert.equal(predicted.json().probability, answer.json().score)
  })

  test('names what is wrong, and writes nothing', async () => {
    writeFileSync(at('cut.onnx'), bytesOf(forest).subarray(0, 400))
    for (const [file, reason] of [
      ['cut.onnx', /MODEL_INVALID.*This is not a usable ONNX model: .*cut off/],
      ['log-odds.onnx', /MODEL_UNSUPPORTED.*is not a probability/],
    ] as const) {
      const { code, stderr } = await importInto('nothing.safetensors', file)
      assert.deepEqual([code, reason.test(stderr), existsSync(at('nothing.safetensors'))], [1, true, false], stderr)
    }
  })

  test('says what to install where a graph finds no ONNX Runtime; forests need none', async () => {
    const without = { NODE_OPTIONS: `--require ${at('without-runtime.cjs')}` }
    const install = new RegExp(`RUNTIME_MISSING.*npm install onnxruntime-node@${wantedVersion}`)
    const { code, stderr } = await importInto('nothing.safetensors', 'network.onnx', without)
    assert.deepEqual([code, install.test(stderr)], [1, true], stderr)
    const served = await startShrike(folder, ['serve', 'network.safetensors', '--port', '0'], without).ended
    assert.deepEqual([served.code, install.test(served.stderr)], [1, true], served.stderr)
    assert.equal((await importInto('again.safetensors', 'forest.onnx', without)).code, 0)
  })

  test('wants the version of ONNX Runtime that package.json asks for', () => {
    const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    assert.equal(peerDependencies['onnxruntime-node'], wantedVersion)
  })
})
