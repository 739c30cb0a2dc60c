import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { type Defined, definedFeatures } from '../../test/feature-definitions.ts'
import { detectorOf, hourMs, type Step, steps, toTransaction } from '../../test/feature-stream.ts'
import type { Detector } from '../detector/detector.ts'
import type { Transaction } from '../detector/transaction.ts'
import { ChunkReplay, type ReplayedChunk } from './chunk-replay.ts'
import { compileDetector, type FeatureSet } from './feature-set.ts'
import { MemoryHistories } from './memory-histories.ts'
import { Replay } from './replay.ts'
import { OpenTransaction } from './replay-chunk.ts'
import { undelayedPlaces, withoutDelay } from './undelayed.ts'

/** A row of a file with its label. */
interface Labelled {
  readonly transaction: Transaction
  readonly isFraud: boolean
  readonly knownAtMs: number
}

/** The stream's transactions as a file has them: in the order of their times, each with the last that was said of it. */
function fileOf(stream: readonly Step[], { layout }: FeatureSet): readonly Labelled[] {
  const purchases = stream.flatMap((step) => ('purchase' in step ? [step.purchase] : []))
  const verdicts = stream.flatMap((step) => ('verdict' in step ? [step.verdict] : []))
  return purchases
    .map((purchase, place) => {
      const { isFraud = false, knownAt = Number.NaN } = verdicts.findLast(({ about }) => about === place) ?? {}
      return { transaction: toTransaction(purchase, layout), isFraud, knownAtMs: knownAt }
    })
    .sort((one, other) => one.transaction.timestampMs - other.transaction.timestampMs)
}

function oneByOne(features: FeatureSet, file: readonly Labelled[]): number[][] {
  const replay = new Replay(features, new MemoryHistories(features.plan))
  return file.map(({ transaction, isFraud, knownAtMs }) => {
    const row = [...replay.next(transaction)]
    if (isFraud) replay.label(transaction, { isFraud, knownAtMs })
    return row
  })
}

async function inChunks(
  detector: Detector,
  file: readonly Labelled[],
  options: { readonly rows: number; readonly threads: number; readonly isUndelayed?: boolean },
): Promise<number[][]> {
  const features = compileDetector(detector)
  const replay = new ChunkReplay(features, detector, { ...options, signal: new AbortController().signal })
  const transaction = new OpenTransaction(features.layout)
  const row = new Float64Array(features.names.length)
  const places = undelayedPlaces(features)
  const undelayed = new Float64Array(places.length)
  const all: number[][] = []
  const take = (chunk: ReplayedChunk) => {
    for (let at = 0; at < chunk.input.rowCount; at++) {
      replay.read(chunk, at, transaction, row)
      assert.deepEqual({ ...transaction }, { ...file[all.length].transaction })
      assert.deepEqual(structuredClone(transaction), { ...file[all.length].transaction })
      if (options.isUndelayed === true) {
        replay.readUndelayed(chunk, at, transaction, row, undelayed)
        places.forEach((place, i) => {
          row[place] = undelayed[i]
        })
      }
      all.push([...row])
    }
    replay.release(chunk)
  }
  let last: readonly [ReplayedChunk, Promise<void>] | undefined
  for (let from = 0; from < file.length; from += options.rows) {
    const chunk = replay.open()
    for (const { transaction: each, isFraud, knownAtMs } of file.slice(from, from + options.rows)) {
      chunk.input.add(each, isFraud ? knownAtMs : Number.NaN)
    }
    const done = replay.replay(chunk)
    // One is read while the next is computed.
    await last?.[1]
    if (last !== undefined) take(last[0])
    last = [chunk, done]
  }
  await last?.[1]
  if (last !== undefined) take(last[0])
  await replay.close()
  return all
}

async function checkSame(detector: Detector, stream: readonly Step[], rows: number, threads = 1): Promise<void> {
  const features = compileDetector(detector)
  const file = fileOf(stream, features)
  checkRows(features, await inChunks(detector, file, { rows, threads }), oneByOne(features, file))
  const prompt = file.map((each) => ({ ...each, knownAtMs: each.transaction.timestampMs }))
  checkRows(
    features,
    await inChunks(detector, file, { rows, threads, isUndelayed: true }),
    oneByOne(compileDetector(withoutDelay(detector)), prompt),
  )
}

function checkRows({ names }: FeatureSet, actual: readonly number[][], expected: readonly number[][]): void {
  assert.equal(actual.length, expected.length)
  expected.forEach((row, at) => {
    row.forEach((value, i) => {
      assert.ok(Object.is(actual[at][i], value), `row ${at}, ${names[i]}: ${actual[at][i]}, not ${value}`)
    })
  })
}

const entries = (features: readonly Defined[]) => features.map(({ entry }) => entry)
const rowsOfChunk = fc.constantFrom(1, 2, 3, 7, 100)
/** So few that keys have more, and as many as a service keeps. */
const eventsPerKey = fc.constantFrom(1, 2, 3, 5, 9, 4096)

describe('chunks of a file give the same bits as its rows one by one, with labels as they come and known at once', () => {
  for (const feature of definedFeatures) {
    test(feature.names.join(', '), async () => {
      await fc.assert(
        fc.asyncProperty(steps, rowsOfChunk, eventsPerKey, (stream, rows, most) =>
          checkSame(detectorOf(entries([feature]), { eventsPerKey: most }), stream, rows),
        ),
        { numRuns: examples(5) },
      )
    })
  }

  test('for some of them together, which share histories', async () => {
    const some = fc.shuffledSubarray([...definedFeatures], { minLength: 2, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(some, steps, rowsOfChunk, eventsPerKey, (features, stream, rows, most) =>
        checkSame(detectorOf(entries(features), { eventsPerKey: most }), stream, rows),
      ),
      { numRuns: examples(20) },
    )
  })

  test('for all of them together, in one thread or several', async () => {
    const drawn = fc.sample(fc.tuple(steps, rowsOfChunk, eventsPerKey), { numRuns: examples(4), seed: 7 })
    for (const [i, [stream, rows, most]] of drawn.entries()) {
      const detector = detectorOf(entries(definedFeatures), { eventsPerKey: most })
      await checkSame(detector, stream, rows, i === 0 ? 2 : 1)
    }
  })
})

test('keys that fell silent are forgotten between chunks, and their numbers given again', async () => {
  const detector = detectorOf(
    [{ count: { by: 'card', over: '2h' } }, { fraudCount: { by: 'card', over: '1h', delay: '1h' } }],
    { eventsPerKey: 4 },
  )
  const nowhere = { city: undefined, points: Number.NaN, latitude: Number.NaN, longitude: Number.NaN, shop: undefined }
  // 400 new cards an hour, each twice, and some that never fall silent and have too many events.
  const stream: Step[] = Array.from({ length: 9600 }, (_, i) => {
    const hour = Math.floor(i / 800)
    const card = i % 50 === 0 ? `regular-${i % 200}` : `card-${hour}-${i % 400}`
    return { purchase: { ...nowhere, time: hour * hourMs + (i % 800), amount: i, card } }
  })
  for (let about = 0; about < 9600; about += 7) {
    stream.push({ verdict: { about, isFraud: true, knownAt: Math.floor(about / 800 + 1) * hourMs } })
  }
  await checkSame(detector, stream, 600)
})

test('sums of a key that never falls silent stay whole, however much went before', async () => {
  const detector = detectorOf([{ sum: { of: 'amount', by: 'card', over: '1d' } }], { eventsPerKey: 64 })
  const features = compileDetector(detector)
  // The largest that a service takes, each a cent less than the one before: of 24 a double tells the sum, of 100 it does not.
  const file = Array.from({ length: 2000 }, (_, i) => ({
    transaction: {
      timestampMs: i * hourMs,
      amount: 99_999_999_999_999 - i,
      texts: ['card'],
      numbers: new Float64Array(0),
    },
    ...{ isFraud: false, knownAtMs: Number.NaN },
  }))
  const expected = file.map((_, i) => {
    const day = file.slice(Math.max(0, i - 23), i + 1)
    return [day.reduce((sum, { transaction }) => sum + transaction.amount, 0) / 100]
  })
  assert.deepEqual(oneByOne(features, file), expected)
  assert.deepEqual(await inChunks(detector, file, { rows: 30, threads: 1 }), expected)
  assert.deepEqual(await inChunks(detector, file, { rows: 700, threads: 1 }), expected)
})
