// What Shrike's histories in memory hold, in a process of its own (node --expose-gc --no-flush-bytecode): KEYS EVENTS, so
// many events of each of so many keys, or FILE, the handbook's transactions replayed to their end. Prints one line of JSON.
import { readFileSync } from 'node:fs'
import { readTable } from '../../src/data/read-table.ts'
import { TransactionReader } from '../../src/data/transaction-reader.ts'
import { parseDetectorFile } from '../../src/detector/detector.ts'
import { compileDetector, compileFeatures, type FeatureSet } from '../../src/features/feature-set.ts'
import { MemoryHistories } from '../../src/features/memory-histories.ts'
import { Replay } from '../../src/features/replay.ts'

const [first, second] = process.argv.slice(2)
const result = second === undefined ? await replayHandbook(first) : observeKeys(Number(first), Number(second))
process.stdout.write(`${JSON.stringify(result)}\n`)

async function replayHandbook(path: string) {
  const detectorFile = new URL('../../detectors/handbook.yaml', import.meta.url)
  const located = parseDetectorFile(readFileSync(detectorFile, 'utf8'), 'handbook.yaml')
  const features = compileFeatures(located)
  const reader = new TransactionReader(located, features.layout, { file: 'the file', nowMs: Date.now() })
  const { table } = await readTable(path, { columns: reader.kinds })
  reader.open(table)
  const measure = startMeasuring(features)
  const { histories } = measure
  const replay = new Replay(features, histories)
  for (let row = 0; row < table.rowCount; row++) {
    const transaction = reader.read(row)
    replay.next(transaction)
    replay.label(transaction, { isFraud: reader.readLabel(row) === 1, knownAtMs: reader.readKnownAt(row) })
  }
  const result = measure.end()
  // The table is named here, so that it is there before and after.
  return { ...result, rows: table.rowCount }
}

/** Each event is its time and an amount. Keys take turns, so that all of them grow at once. */
function observeKeys(keys: number, events: number) {
  const features = compileDetector({
    detector: 'memory',
    transaction: {
      time: { field: 'time', format: 'epoch-ms' },
      amount: { field: 'amount', digits: 2 },
      keys: { card: 'card' },
      label: { field: 'fraud' },
    },
    features: [{ count: { by: 'card', over: '1d' } }, { mean: { of: 'amount', by: 'card', over: '30d' } }],
    histories: { eventsPerKey: Math.max(4096, events) },
  })
  // All of it lies within the longest window.
  const stepMs = (25 * 24 * 3_600_000) / (keys * events)
  const measure = startMeasuring(features)
  const { histories } = measure
  for (let event = 0; event < keys * events; event++) {
    histories.observe({
      timestampMs: Math.floor(event * stepMs),
      amount: event % 10_000,
      texts: [cardToken(event % keys)],
      numbers: [],
    })
  }
  return { ...measure.end(), rows: keys * events }
}

/** 16 characters in one piece, as they come out of a request: a template would leave its parts in memory too. */
function cardToken(number: number): string {
  return Buffer.from(`card-${String(number).padStart(11, '0')}`, 'latin1').toString('latin1')
}

/** Empty histories, and what they hold more later on. */
function startMeasuring({ plan }: FeatureSet) {
  const before = bytesInUse()
  const histories = new MemoryHistories(plan)
  const empty = bytesInUse()
  const end = () => {
    const bytes = bytesInUse() - empty
    const { keys, events, bytes: ownCount } = histories.stats()
    return { keys, events, bytes, emptyBytes: empty - before, ownCount }
  }
  return { histories, end }
}

function bytesInUse(): number {
  if (globalThis.gc === undefined) throw new Error('Run node with --expose-gc')
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
