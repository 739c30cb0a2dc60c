import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { amountPredictor } from '../../test/service/decisions-fixture.ts'
import { startService } from '../app.ts'
import { numberColumn } from '../data/columns.ts'
import { simulatePortfolio } from '../data/simulate/portfolio.ts'
import { writeCsv } from '../data/write-csv.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { readDetector } from '../training/find-detector.ts'
import { liveFiles } from './demo-portfolio.ts'
import { sendTraffic } from './live-traffic.ts'

const dayMs = 86_400_000
const shape = { customers: 40, terminals: 60, seed: 7, startMs: Math.floor(Date.now() / dayMs) * dayMs - 2 * dayMs }

test('traffic goes on after its last day with the next, which takes place ahead of the clock, and after a restart', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'shrike-traffic-'))
  t.after(() => rm(data, { recursive: true, force: true }))
  const live = join(data, 'live.csv')
  const days = [...simulatePortfolio({ ...shape, days: 8 })]
  await writeCsv(days.slice(0, 2), live)
  const { detector } = await readDetector('detectors/cards.yaml', {})
  const said: string[] = []
  const run = async (until: number) => {
    const service = await startService({
      load: async () => ({ detector, predictor: { ...amountPredictor(), inputs: ['amount'], example: { amount: 1 } } }),
      decisions: { directory: data, limits: { maxAheadMs: Number.POSITIVE_INFINITY } },
      ...{ host: '127.0.0.1', port: 0, workers: 1, insecure: false, apiKeys: [], version: 'test', logLevel: 'silent' },
    })
    await service.ready
    const stop = new AbortController()
    const say = (line: string) => {
      said.push(line)
      if (said.filter((each) => each.includes('next simulated day')).length === until) stop.abort()
    }
    const terminal = {
      say,
      note: say,
      warn: say,
      result: () => {},
      clear: () => {},
      begin: () => ({ update: () => {}, end: () => {} }),
    }
    const options = { url: service.url, data, apiKey: undefined, perSecond: 1e6 }
    await sendTraffic(liveFiles(live, shape, { terminal }), options, { terminal, signal: stop.signal })
    await service.close()
  }
  await run(3)
  await run(5)
  const reader = new SqliteLogReader(join(data, 'log.sqlite'))
  t.after(() => reader.close())
  const sent = [...records(reader)]
  const expected = days.slice(0, 6)
  const times = expected.flatMap((day) => [...numberColumn(day, 'time').values])
  const decided = sent.filter((record) => record.kind === 'decision')
  assert.deepEqual(
    decided.map(({ timestampMs }) => timestampMs),
    times,
    'each once, in order',
  )
  const lastMs = times[times.length - 1]
  const due = expected.flatMap((day) => {
    const knownAt = numberColumn(day, 'label_known_at').values
    return [...numberColumn(day, 'is_fraud').values].flatMap((isFraud, i) =>
      isFraud && knownAt[i] <= lastMs ? [knownAt[i]] : [],
    )
  })
  const labels = sent.filter((record) => record.kind === 'label')
  assert.deepEqual(labels.map(({ knownAtMs }) => knownAtMs).sort(), due.sort(), 'labels of earlier days, too')
  assert.ok(lastMs > Date.now())
})

test('traffic that the service asks for a key ends, and says so once', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'shrike-traffic-'))
  t.after(() => rm(data, { recursive: true, force: true }))
  const live = join(data, 'live.csv')
  await writeCsv([...simulatePortfolio({ ...shape, days: 1 })], live)
  const { detector } = await readDetector('detectors/cards.yaml', {})
  const service = await startService({
    load: async () => ({ detector, predictor: { ...amountPredictor(), inputs: ['amount'], example: { amount: 1 } } }),
    decisions: { directory: data, limits: { maxAheadMs: Number.POSITIVE_INFINITY } },
    ...{ host: '127.0.0.1', port: 0, workers: 1, insecure: false, version: 'test', logLevel: 'silent' },
    apiKeys: ['a-key-that-the-traffic-does-not-have'],
  })
  t.after(() => service.close())
  await service.ready
  const warned: string[] = []
  const terminal = {
    ...{ say: () => {}, note: () => {}, warn: (line: string) => warned.push(line), result: () => {}, clear: () => {} },
    begin: () => ({ update: () => {}, end: () => {} }),
  }
  const options = { url: service.url, data, apiKey: undefined, perSecond: 1e6 }
  const { signal } = new AbortController()
  await sendTraffic(liveFiles(live, shape, { terminal }), options, { terminal, signal })
  assert.equal(warned.length, 1, warned.join())
  assert.match(warned[0], /Live traffic has ended: the service asks for a key by now\..* UNAUTHORIZED/)
})

function* records(reader: SqliteLogReader) {
  for (let at = 0; ; ) {
    const group = reader.next(at)
    if (group.length === 0) return
    yield* group
    at = group[group.length - 1].sequence
  }
}
