import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { definitionOf, keyed, SimulatedControl } from '../../test/cluster/simulated-control.ts'
import type { Definition } from '../log/log-record.ts'
import { changeEntry } from './change-lane.ts'

const first = definitionOf(keyed.slice(0, 3), 'model-1@000000000001')
const other: Definition = { ...first, model: 'model-1@000000000002' }
const wider = definitionOf(keyed.slice(0, 4), 'model-2@000000000003')
const deed = { kind: 'deployment', by: 'ann', why: 'a trial', atMs: 5 } as const
const deployment = (after: number, definition = other, proposal = 'a 1') =>
  changeEntry({
    proposal,
    after,
    definition,
    record: { ...deed, change: { kind: 'champion', model: definition.model } },
  })

function defined() {
  const control = new SimulatedControl()
  control.apply(0, { kind: 'definition', json: JSON.stringify(first) })
  return control
}

describe('a deployment in the control lane', () => {
  test('counts right behind what it was made of, once, and whoever proposed it hears that when it decides', () => {
    const control = defined()
    const heard: unknown[] = []
    control.lane.listen('a 1', (position) => heard.push([position, control.newest?.definition.model]))
    control.lane.listen('a 2', (position) => heard.push([position, control.newest?.definition.model]))
    control.apply(1, deployment(0))
    control.apply(2, deployment(0, first, 'a 2'))
    control.apply(3, deployment(0))
    assert.deepEqual(heard, [
      [1, other.model],
      [undefined, other.model],
      [undefined, other.model],
    ])
    assert.deepEqual([control.lane.head, control.newest?.position], [1, 1])
    assert.equal(control.lane.deployments.inForce.champion, other.model)
    assert.equal(control.lane.deployments.steps.length, 1)
  })

  test('goes on with the parts of a definition with the same features, and with no others', () => {
    const control = defined()
    control.apply(1, deployment(0))
    const [before, after] = [control.definition(0), control.definition(1)]
    assert.deepEqual([before?.keyedBy, after?.keyedBy], [0, 0])
    assert.equal(before && control.judgedBy(before), after)
    const sent = { id: 'one', definition: 1, timestampMs: 1, receivedAtMs: 1, fields: first.columns.map(() => 'c1') }
    assert.equal(after?.parts[0].reduce(sent).definition, 0)
    control.apply(2, deployment(1, wider))
    assert.equal(control.newest?.keyedBy, 2)
    assert.equal(before && control.judgedBy(before), after)
  })

  test('keeps where files are, and takes what it does not know for that of a newer version', () => {
    const control = defined()
    const bundle = { sha256: 'ab'.repeat(32), bytes: 10, after: -1 }
    const change = {
      ...{ kind: 'added', model: other.model ?? '', bytes: 10, detector: 'simulated', learner: 'l', preset: 'p' },
      ...{ features: 3, training: {}, metrics: null },
    }
    control.apply(1, changeEntry({ proposal: 'a 1', after: 0, bundle, record: { ...deed, change } }))
    assert.deepEqual(control.lane.bundles.get(change.model), bundle)
    assert.equal(control.newest?.position, 0)
    const unknown = changeEntry({ proposal: 'a 2', after: 1, record: { ...deed, change: { kind: 'cloned' } } })
    assert.throws(() => control.apply(2, unknown), { code: 'LOG_TOO_NEW' })
    const alert = changeEntry({ proposal: 'a 3', after: 1, record: { ...deed, kind: 'alert', change: {} } })
    assert.throws(() => control.apply(2, alert), { code: 'LOG_TOO_NEW' })
  })

  test('leaves a policy alone that somebody changed, and brings its own until then', () => {
    const control = defined()
    const lower = { ...other, policy: { ...other.policy, version: 2, review: 0.1 } }
    control.apply(1, deployment(0, lower))
    const thresholds = () => control.lane.policy.inForce.definitions.policy.thresholds
    assert.deepEqual(thresholds(), { review: 0.1 })
    const change = { kind: 'policy', policy: { thresholds: { review: 0.7 } } }
    const policy = { kind: 'policy', by: 'ann', why: '', atMs: 6, change } as const
    control.apply(2, changeEntry({ proposal: 'a 2', after: 1, record: policy }))
    control.apply(3, deployment(2, first))
    assert.deepEqual([thresholds(), control.newest?.definition.model], [{ review: 0.7 }, first.model])
  })
})
