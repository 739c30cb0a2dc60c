import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { definitionOf, keyed } from '../../test/cluster/simulated-control.ts'
import { amountBundle } from '../../test/service/model-fixture.ts'
import { parseDetector } from '../detector/detector.ts'
import { Changes } from './changes.ts'
import { ClusterControl, controlText } from './cluster-control.ts'
import { createRegistry } from './cluster-registry.ts'
import { decodeEntry, encodeEntry } from './entries.ts'

test('a model that two replicas add at once is new at one of them, and added once', async () => {
  const definition = definitionOf(keyed.slice(0, 3), 'model-1@000000000001')
  const { bytes, id } = amountBundle(parseDetector(definition.detector), 10)
  const lane = [encodeEntry({ kind: 'definition', json: controlText(definition, 0) })]
  const append = async (entries: readonly { readonly bytes: Uint8Array }[]) => {
    for (const entry of entries) lane.push(Buffer.from(entry.bytes))
  }
  const place = { sha256: 'ab'.repeat(32), bytes: bytes.length, after: -1 }
  const replicas = ['one', 'two'].map((address) => {
    const control = new ClusterControl()
    const waitUntilHeard = async () => {
      await nextTurn()
      while (control.position + 1 < lane.length) {
        const position = control.position + 1
        control.apply(position, decodeEntry(lane[position], 'a test'))
      }
    }
    const changes = new Changes({
      ...{ address, lane: control.lane, retryMs: 1, giveUpMs: 10, wait: waitUntilHeard },
      log: { append, read: () => assert.fail(), end: () => assert.fail() },
    })
    const bundles = {
      ...{
        placeOf: () => place,
        has: () => false,
        keep: async () => {},
        read: () => assert.fail(),
        remove: assert.fail,
      },
      pieces: () => assert.fail(),
    }
    control.apply(0, decodeEntry(lane[0], 'a test'))
    return { control, registry: createRegistry({ control, changes, bundles, clock: () => 0 }) }
  })
  const added = await Promise.all(replicas.map(({ registry }) => registry.add(bytes, { by: 'ann', why: 'a trial' })))
  assert.deepEqual(
    added.toSorted((a, b) => Number(a.isNew) - Number(b.isNew)),
    [
      { id, isNew: false },
      { id, isNew: true },
    ],
  )
  for (const { control } of replicas) assert.equal(control.lane.deploymentRecords.length, 1)
})
