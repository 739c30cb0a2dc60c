import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { keyed, definitionOf as simulated } from '../../test/cluster/simulated-control.ts'
import { definitionOf } from '../deciding/define.ts'
import { DeploymentProjection } from '../deciding/deployment-projection.ts'
import { createDetectorInForce, type DetectorInForce, type OtherModel } from '../deciding/detector-in-force.ts'
import { type Detector, parseDetector } from '../detector/detector.ts'
import type { Definition } from '../log/log-record.ts'
import type { Predictor } from '../scoring/predictor.ts'
import { ClusterModels } from './cluster-models.ts'
import { readerOf } from './cluster-reader.ts'

const wide = parseDetector(simulated(keyed.slice(0, 4), 'm').detector)
const narrow = { ...wide, features: wide.features.slice(0, 3).toReversed() }
const other = parseDetector(simulated(keyed.slice(2, 6), 'm').detector)

function modelOf(detector: Detector, number: number): DetectorInForce & OtherModel {
  const { own } = createDetectorInForce(detector, undefined)
  const inputs = own.features.names
  const predictor: Predictor = {
    modelId: `m@00000000000${number}`,
    inputs,
    example: Object.fromEntries(inputs.map((name) => [name, 0])),
    predict: () => ({ isFraud: false, probability: number / 10 }),
  }
  return createDetectorInForce(detector, predictor)
}

function told(inForce: DetectorInForce): Definition {
  return definitionOf({ ...inForce, own: inForce }, 1, { columns: readerOf(inForce, () => 0).columns, runtime: 'x' })
}

describe('the models that a replica has at hand', () => {
  const bundles = [wide, wide, wide, wide, wide, narrow, other].map(modelOf)
  const [first] = bundles
  let newest: Definition
  let models: ClusterModels
  let loads: string[]

  beforeEach(() => {
    loads = []
    newest = told(first)
    const deployments = new DeploymentProjection()
    for (const [i, { predictor }] of bundles.entries()) {
      const change = {
        ...{ kind: 'added', model: predictor.modelId, bytes: 1, detector: 'simulated', learner: 'l', preset: 'p' },
        ...{ features: 1, training: {}, metrics: null },
      }
      deployments.take({ kind: 'deployment', by: 'ann', why: '', atMs: 0, change }, i + 1)
    }
    const load = async (id: string) => {
      loads.push(id)
      return bundles.find(({ predictor }) => predictor.modelId === id) ?? assert.fail(id)
    }
    const served = { inForce: first, definition: told(first) }
    models = new ClusterModels({ served, registry: () => ({ load, deployments }), newest: () => newest })
  })

  test('decide by a definition once they are loaded, and stay while they do', async () => {
    assert.equal(models.find(newest), first)
    const second = told(bundles[1])
    assert.equal(models.find(second), undefined)
    await models.load(second)
    newest = second
    for (const { predictor } of bundles.slice(2)) await models.loadModel(predictor.modelId)
    assert.equal(models.find(told(bundles[2])), undefined, 'no more of others than a few are kept')
    assert.equal(models.find(second)?.predictor?.modelId, 'm@000000000001')
    assert.equal(new Set(loads).size, loads.length)
  })

  test('read some of the features that the row of the cluster has, and no others', async () => {
    const narrower = await models.loadModel('m@000000000005')
    assert.deepEqual(narrower.features.names, first.features.names)
    assert.deepEqual(narrower.own.features.names, first.features.names.slice(0, 3).toReversed())
    const definition = told(narrower)
    assert.deepEqual(definition.features, first.features.names)
    assert.equal(models.find(definition), narrower)
    const others = await models.loadModel('m@000000000006')
    assert.notDeepEqual(others.features.names, first.features.names)
    await assert.rejects(models.load(told(others)), { code: 'NOT_READY' })
  })

  test('are refused where they are not what was deployed', async () => {
    const before = newest
    newest = { ...told(bundles[1]), policy: { ...told(bundles[1]).policy, review: 0.01 } }
    await assert.rejects(models.load(newest), { code: 'LOG_INVALID' })
    assert.equal(models.problem?.id, 'm@000000000001')
    newest = before
    assert.equal(models.problem, undefined, 'what is in force by now can decide')
    await models.load(told(bundles[1]))
    assert.equal(models.problem, undefined)
    const unknown = { ...told(bundles[1]), model: 'm@00000000000f' }
    await assert.rejects(models.load(unknown), { code: 'NOT_READY' })
  })
})
