import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { openModelFiles } from '../stores/model-files.ts'
import { BundleLane, type BundlePlace, hashOf } from './bundle-lane.ts'
import { ClusterBundles } from './cluster-bundles.ts'

const file = Uint8Array.from({ length: 1000 }, (_, i) => i)
const id = 'cards@0123456789ab'

describe('the file of a model that the lane of bundles has lost', () => {
  let folder: string
  let places: Map<string, BundlePlace>
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shrike-bundles-'))
    places = new Map([[id, { sha256: await hashOf(file), bytes: file.length, after: -1 }]])
  })
  afterEach(() => rm(folder, { recursive: true }))

  const openOn = (name: string) => {
    const files = openModelFiles({ modelsPath: join(folder, name), database: undefined })
    const log = { append: () => assert.fail(), read: () => assert.fail(), end: async () => -1 }
    const bundles = new BundleLane({ log, hasLane: async () => true, wait: async () => {} })
    return { files, bundles: new ClusterBundles({ lane: { bundles: places }, bundles, files }) }
  }

  test('is read from here, where it was put, and is refused where it is another or none', async () => {
    const { files, bundles } = openOn('here')
    const lost = { code: 'LOG_INVALID', message: /copy its file from the folder of models of a replica/ }
    await assert.rejects(bundles.read(id), lost)
    await files.keep(id, file.slice(1))
    await assert.rejects(bundles.read(id), lost)
    await files.keep(id, file)
    assert.deepEqual(Uint8Array.from(await bundles.read(id)), file)
  })
})
