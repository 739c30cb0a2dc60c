import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import { BundleLane } from './bundle-lane.ts'
import type { OrderedLog } from './ordered-log.ts'

const file = Uint8Array.from({ length: 1_200_003 }, (_, i) => (i * 31) % 251)
const other = file.map((byte) => byte ^ 1)
const id = 'cards@0123456789ab'

/** One place in memory, whose appends a test may lose, repeat or refuse. */
function createLog(arrivesAs: (bytes: Uint8Array) => readonly Uint8Array[] = (bytes) => [bytes]) {
  const stored: Uint8Array[] = []
  const log: OrderedLog = {
    async append(entries) {
      await Promise.resolve()
      for (const { bytes } of entries) stored.push(...arrivesAs(bytes))
    },
    async read([place], take, signal) {
      for (const [position, bytes] of stored.entries()) {
        if (position > place.after && !signal.aborted) take(place, position, bytes, 0)
      }
    },
    end: async () => stored.length - 1,
  }
  const lane = () => new BundleLane({ log, hasLane: async () => true, wait: async () => {} })
  return { stored, log, lane }
}

test('puts a file together again, of what several put there at once, twice and one in the other', async () => {
  const { lane, stored } = createLog((bytes) => [bytes, bytes])
  const places = await Promise.all([
    lane().put(id, file),
    lane().put(id, file),
    lane().put('cards@ba9876543210', other),
  ])
  assert.ok(stored.length > 12)
  assert.ok(stored.every(({ length }) => length < 800_000))
  assert.deepEqual(await lane().get(id, places[0]), Buffer.from(file))
  assert.deepEqual(await lane().get(id, places[1]), Buffer.from(file))
  assert.deepEqual(await lane().get('cards@ba9876543210', places[2]), Buffer.from(other))
})

test('sends a piece again that the log did not take, or did not acknowledge', async () => {
  let appends = 0
  const { lane, log } = createLog()
  const append = log.append
  log.append = async (entries) => {
    appends++
    if (appends % 3 === 0) await append(entries)
    if (appends % 3 !== 1) throw new FraudError('LOG_UNAVAILABLE', 'The log did not answer')
    await append(entries)
  }
  assert.deepEqual(await lane().get(id, await lane().put(id, file)), Buffer.from(file))
  assert.ok(appends > 3)
})

test('gives nothing but the file that was said', async () => {
  const { lane, stored } = createLog()
  const place = await lane().put(id, file)
  const invalid = { code: 'LOG_INVALID' }
  await assert.rejects(lane().get(id, { ...place, sha256: '0'.repeat(64) }), invalid)
  await assert.rejects(lane().get('cards@ba9876543210', place), invalid)
  await assert.rejects(lane().get(id, { ...place, bytes: file.length + 1 }), invalid)
  await assert.rejects(lane().get(id, { ...place, after: place.after + 1 }), invalid)
  stored[1] = stored[1].slice()
  stored[1][200] ^= 1
  await assert.rejects(lane().get(id, place), invalid)
  stored.pop()
  await assert.rejects(lane().get(id, place), invalid)
})

test('asks for the lane where a cluster was made without', async () => {
  const { log } = createLog()
  const lane = new BundleLane({ log, hasLane: async () => false, wait: async () => {} })
  await assert.rejects(lane.put(id, file), { code: 'CLUSTER_UNSUPPORTED' })
})
