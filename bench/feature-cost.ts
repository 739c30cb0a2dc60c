import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { simulatePortfolio } from '../src/data/simulate/portfolio.ts'
import { TransactionReader } from '../src/data/transaction-reader.ts'
import { type Detector, inMemory, parseDetector, parseDetectorFile } from '../src/detector/detector.ts'
import type { SourceField, Transaction, TransactionLayout } from '../src/detector/transaction.ts'
import { compileDetector } from '../src/features/feature-set.ts'
import { MemoryHistories } from '../src/features/memory-histories.ts'
import { Replay } from '../src/features/replay.ts'

// What each kind of feature costs a transaction: processor time of the replay of a simulated portfolio with it, less that without
// it, in turns. The others are what a small detector has anyway, so that histories are there.
//
//     node bench/feature-cost.ts --rounds 9

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, days: { type: 'string', default: '45' } },
})
const path = new URL('../detectors/cards.yaml', import.meta.url)
const { detector: cards } = parseDetectorFile(readFileSync(path, 'utf8'), 'cards.yaml')

const usual: Detector['features'] = [
  'amount',
  { count: { by: 'customer', over: '30d' } },
  { mean: { of: 'amount', by: 'customer', over: '30d' } },
  { fraudRate: { by: 'terminal', over: '30d', delay: '7d' } },
  { count: { by: 'merchant', over: '30d', delay: '7d' } },
]
const month = { by: 'customer', over: '30d' }
const measured: Detector['features'] = [
  { ratioToMean: { of: 'amount', ...month } },
  { ratioToMean: { of: 'amount', ...month, excludeSelf: true, as: 'to_earlier' } },
  { zScore: { of: 'amount', ...month, excludeSelf: true } },
  { standardDeviation: { of: 'amount', ...month } },
  { count: { ...month, where: 'channel == "online"', as: 'online' } },
  { fraudCount: { by: 'terminal', over: '30d', delay: '7d' } },
  { fraudCount: { by: 'terminal', over: '30d', delay: '7d', where: 'amount > 100.0', as: 'large' } },
  { timeSinceFraud: { by: 'terminal', over: '30d', delay: '7d' } },
  { fraudRun: { by: 'terminal', over: '30d', delay: '7d', what: 'length' } },
  { linkedFrauds: { of: 'card', by: 'terminal', over: '30d', delay: '7d' } },
  { riskOf: { of: 'merchant', over: '30d', delay: '7d', prior: 0.01 } },
  { distinct: { of: 'category', ...month } },
  { entropy: { of: 'category', ...month } },
  { frequency: { of: 'category', ...month } },
  { share: { of: 'category', ...month } },
  { firstSeen: { of: 'merchant', ...month } },
  { newPairs: { of: 'merchant', ...month } },
]

interface Labelled {
  readonly transaction: Transaction
  readonly isFraud: boolean
  readonly knownAtMs: number
}

const setOf = (features: Detector['features']) => compileDetector(parseDetector({ ...cards, features }))
const { layout } = setOf([...usual, ...measured])
const transactions = readAll(layout)
console.log(`${transactions.length} transactions, ${values.rounds} rounds; us of processor time a transaction`)
const without = replayOf(usual)
for (const feature of measured) {
  const withIt = replayOf([...usual, feature])
  const more = Array.from({ length: Number(values.rounds) }, () => withIt() - without()).sort((a, b) => a - b)
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => more[Math.floor(share * more.length)].toFixed(2))
  console.log(`${middle.padStart(7)} (${low} to ${high})  ${JSON.stringify(feature)}`)
}

/** Replays all transactions with these features, and says how many microseconds one took; it has been done once before. */
function replayOf(features: Detector['features']): () => number {
  const set = setOf(features)
  const placesIn = (all: readonly SourceField[], own: readonly SourceField[]) =>
    own.map((field) => all.findIndex(({ column }) => column === field.column))
  const texts = placesIn(layout.texts, set.layout.texts)
  const numbers = placesIn(layout.numbers, set.layout.numbers)
  const own = transactions.map(({ transaction, ...label }) => ({
    ...label,
    transaction: {
      ...transaction,
      texts: texts.map((at) => transaction.texts[at]),
      numbers: Float64Array.from(numbers, (at) => transaction.numbers[at]),
    },
  }))
  const cpu = () => {
    const replay = new Replay(set, new MemoryHistories(set.plan))
    const before = process.cpuUsage()
    for (const { transaction, isFraud, knownAtMs } of own) {
      replay.next(transaction)
      if (isFraud) replay.label(transaction, { isFraud, knownAtMs })
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / own.length
  }
  cpu()
  return cpu
}

function readAll(read: TransactionLayout): readonly Labelled[] {
  const reader = new TransactionReader({ detector: cards, locate: inMemory }, read, {
    file: 'simulated',
    nowMs: Date.now(),
  })
  const all: Labelled[] = []
  const days = Number(values.days)
  for (const table of simulatePortfolio({
    customers: 800,
    terminals: 1600,
    days,
    seed: 1,
    startMs: Date.UTC(2026, 0, 1),
  })) {
    reader.open(table)
    for (let row = 0; row < table.rowCount; row++) {
      const taken = reader.take(row)
      if (taken === undefined) continue
      const { transaction, label, knownAtMs } = taken
      const lasting = { texts: [...transaction.texts], numbers: Float64Array.from(transaction.numbers) }
      all.push({ transaction: { ...transaction, ...lasting }, isFraud: label === 1, knownAtMs })
    }
  }
  return all
}
