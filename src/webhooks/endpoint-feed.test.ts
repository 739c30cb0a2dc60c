import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLogger } from '../core/logger.ts'
import type { Sequenced } from '../log/log-record.ts'
import type { Endpoint } from './endpoint.ts'
import { EndpointFeed, type FeedOptions } from './endpoint-feed.ts'
import type { EndpointFiles } from './endpoint-files.ts'

type Progress = NonNullable<ReturnType<EndpointFiles['progress']>>

const recordOf = (sequence: number): Sequenced => ({ kind: 'scores', model: 'm', scores: [], sequence })

describe('the feed of an endpoint', () => {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  /** Feeds an endpoint from a log of so many records. What it took, and what was noted, are told. */
  const begin = async (
    last: number,
    options: { progress: Progress; giveUpAfterMs?: number; retryMs?: number } & Partial<Fed>,
  ) => {
    const taken: number[] = []
    const noted = { progress: options.progress }
    const { statusOf = () => 200, laneOf = () => 'one', at = recordOf, giveUpAfterMs = 1e6, retryMs = 5 } = options
    const server = createServer((request, response) => {
      const sequence = Number(String(request.headers['webhook-id']).split('.')[1])
      const status = statusOf(sequence)
      if (status < 300) taken.push(sequence)
      request.resume()
      response.writeHead(status).end()
    }).listen(0, '127.0.0.1')
    closing.push(() => server.close())
    await once(server, 'listening')
    const endpoint: Endpoint = {
      ...{ name: 'bank', secrets: [Buffer.alloc(32, 7)], events: new Set(['decision']), orderBy: undefined },
      ...{ url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), allowPrivate: true },
      giveUpAfterMs,
    }
    const files: EndpointFiles = {
      progress: () => noted.progress,
      save: async (progress) => {
        noted.progress = progress
      },
      begin: () => {},
      dead: async () => [],
      keep: async () => {},
    }
    const reading: FeedOptions['reading'] = {
      ...{ lastSequence: () => last, prunedThrough: () => 0, at },
      next: (after, most = 50) =>
        Array.from({ length: Math.min(most, last - after) }, (_, index) => recordOf(after + 1 + index)),
    }
    const feed = new EndpointFeed(endpoint, files, {
      ...{ reading, clock: Date.now, random: () => 0.5, logger: silentLogger, retryMs },
      eventsOf: ({ sequence }) => ({
        lane: laneOf(sequence),
        events: [{ type: 'decision.approve', at: '', data: {} }],
      }),
    })
    closing.push(() => feed.close())
    return { feed, taken, noted }
  }
  const until = async (feed: EndpointFeed, isSo: () => boolean) => {
    for (let waits = 0; !isSo(); waits += 1) {
      assert(waits < 10_000, 'it comes')
      for (let steps = 0; steps < 1000 && feed.step(); steps += 1);
      await sleep(5)
    }
  }

  test('loses nothing where the log is not readable for a moment', async () => {
    let reads = 0
    const at = (sequence: number) => {
      reads += 1
      if (reads === 3) throw new Error('the log is not readable')
      return recordOf(sequence)
    }
    const progress = { through: 5, undelivered: [1, 2, 3, 4, 5].map((sequence) => ({ sequence })) }
    const { feed, taken, noted } = await begin(5, { progress, at })
    assert.equal(feed.figures.waiting, 5, 'those of before wait, read or not')
    assert.throws(() => feed.step(), /not readable/)
    await feed.save()
    assert.deepEqual(
      noted.progress.undelivered.map(({ sequence }) => sequence),
      [1, 2, 3, 4, 5],
    )
    await until(feed, () => taken.length === 5)
    assert.deepEqual(taken, [1, 2, 3, 4, 5])
    assert.equal(feed.figures.missed, 0)
  })

  test('sends to others while one key is refused, and the rest of that key in order later', async () => {
    let isRefused = true
    const busy = 10_050
    const { feed, taken, noted } = await begin(busy + 20, {
      progress: { through: 0, undelivered: [] },
      statusOf: (sequence) => (isRefused && sequence <= busy ? 400 : 200),
      laneOf: (sequence) => (sequence <= busy ? 'busy' : `other ${sequence}`),
    })
    await until(feed, () => feed.figures.delivered === 20)
    assert(taken.every((sequence) => sequence > busy))
    await feed.save()
    assert.equal(noted.progress.undelivered.length, busy)
    assert.equal(feed.figures.waiting, busy)
    isRefused = false
    taken.length = 0
    await until(feed, () => taken.length >= 300)
    assert.deepEqual(
      taken,
      taken.map((_, index) => index + 1),
    )
  })

  test('sends to others while more keys are refused than there are places', async () => {
    const refused = 10_100
    const { feed, taken } = await begin(refused + 20, {
      progress: { through: 0, undelivered: [] },
      statusOf: (sequence) => (sequence <= refused ? 400 : 200),
      laneOf: (sequence) => (sequence <= refused ? `refused ${sequence}` : `other ${sequence}`),
      retryMs: 100_000,
    })
    await until(feed, () => taken.length === 20)
    assert(taken.every((sequence) => sequence > refused))
    await until(feed, () => feed.figures.delivered === 20)
    assert.equal(feed.figures.waiting, refused)
  })

  test('goes on trying an event from when it was read first, through starts', async () => {
    const statusOf = () => 400
    const progress = { through: 0, undelivered: [] }
    const first = await begin(3, { progress, statusOf, giveUpAfterMs: 1e6 })
    const beforeMs = Date.now()
    await until(first.feed, () => first.feed.figures.failures > 3)
    await first.feed.close()
    const noted = first.noted.progress.undelivered
    assert.deepEqual(
      noted.map(({ sequence, offeredMs = 0 }) => [sequence, Math.abs(offeredMs - beforeMs) < 1000]),
      [1, 2, 3].map((sequence) => [sequence, true]),
    )
    const hourAgo = noted.map(({ sequence }) => ({ sequence, offeredMs: beforeMs - 3_600_000 }))
    const second = await begin(4, {
      progress: { through: 3, undelivered: hourAgo },
      statusOf,
      giveUpAfterMs: 3_599_000,
    })
    await until(second.feed, () => second.feed.figures.dead === 3)
    await sleep(100)
    assert.equal(second.feed.figures.dead, 3)
    assert.equal(second.feed.figures.waiting, 1)
  })

  test('tries each event from when it was offered, not from when the one before it was given up', async () => {
    const progress = { through: 0, undelivered: [] }
    const { feed } = await begin(120, { progress, statusOf: () => 400, giveUpAfterMs: 300 })
    const startMs = Date.now()
    await until(feed, () => feed.figures.dead === 120)
    assert(Date.now() - startMs < 5000)
    assert.equal(feed.figures.waiting, 0)
  })
})

interface Fed {
  readonly statusOf: (sequence: number) => number
  readonly laneOf: (sequence: number) => string
  readonly at: FeedOptions['reading']['at']
}
