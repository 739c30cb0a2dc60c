import { createRandom, type Random } from '../../src/core/random.ts'
import {
  burstCount,
  decimals,
  drawAmount,
  type MadeTable,
  pick,
  pickSkewed,
  type TableSize,
  texts,
} from './made-table.ts'

const hours = 743
/** The original has 0.13 %; at a few ten thousand rows that would be too few to measure by. */
const fraudShare = 0.005
const victimsPerMule = 5
const flaggedAbove = 200_000

type Kind = 'CASH_IN' | 'CASH_OUT' | 'DEBIT' | 'PAYMENT' | 'TRANSFER'

interface Payment {
  readonly step: number
  readonly type: Kind
  readonly amount: number
  readonly from: string
  readonly to: string
  /** What the payer has before it; what is left is not below nothing. */
  readonly balance: number
  readonly balanceOfTo: number
  readonly isFraud: boolean
}

/**
 * Mobile money as PaySim writes it (Lopez-Rojas, Elmir and Axelsson 2016): `step` counts hours, payers are hardly ever
 * seen twice, receivers are. A mule's account empties those of several victims within a few hours and is emptied itself,
 * so fraud shows in the receivers' histories.
 */
export function makePaysim({ rows, seed }: TableSize): MadeTable {
  const random = createRandom(seed)
  const accounts = Array.from({ length: Math.max(50, Math.round(rows / 12)) }, () => account('C', random))
  const frauds = drawFrauds(rows, accounts, random)
  const legitimate = Array.from({ length: Math.max(0, rows - frauds.length) }, () => drawPayment(accounts, random))
  const payments = [...frauds.slice(0, rows), ...legitimate].sort((a, b) => a.step - b.step)
  return {
    columns: [
      { name: 'step', kind: 'whole', role: 'time' },
      ...texts('type'),
      { name: 'amount', kind: 'decimal', role: 'amount' },
      ...texts('nameOrig'),
      ...decimals('oldbalanceOrg', 'newbalanceOrig'),
      ...texts('nameDest'),
      ...decimals('oldbalanceDest', 'newbalanceDest'),
      { name: 'isFraud', kind: 'whole', role: 'label' },
      { name: 'isFlaggedFraud', kind: 'whole' },
    ],
    rowCount: rows,
    cells: (row) => cellsOf(payments[row]),
  }
}

function drawFrauds(rows: number, accounts: readonly string[], random: Random): Payment[] {
  const frauds: Payment[] = []
  for (let mules = burstCount(rows, fraudShare, 2 * victimsPerMule); mules > 0; mules--) {
    const mule = pick(accounts, random)
    const start = drawHour(random)
    const victims = victimsPerMule - 2 + random.integer(5)
    for (let victim = 0; victim < victims; victim++) {
      const amount = drawAmount(120_000, 1, random)
      const step = Math.min(hours, start + random.integer(8))
      const shared = { step, amount, isFraud: true, balanceOfTo: 0 }
      frauds.push({ ...shared, type: 'TRANSFER', from: account('C', random), to: mule, balance: amount })
      frauds.push({ ...shared, type: 'CASH_OUT', from: mule, to: pickSkewed(accounts, random), balance: amount })
    }
  }
  return frauds
}

function drawPayment(accounts: readonly string[], random: Random): Payment {
  const type = drawKind(random)
  const amount = drawAmount(
    type === 'TRANSFER' ? 150_000 : type === 'PAYMENT' || type === 'DEBIT' ? 6000 : 60_000,
    1,
    random,
  )
  // Some empty their account, as thieves do.
  const isEmptied = type !== 'CASH_IN' && random.uniform() < 0.05
  return {
    step: drawHour(random),
    type,
    amount,
    from: account('C', random),
    to: type === 'PAYMENT' ? account('M', random) : pickSkewed(accounts, random),
    balance: isEmptied ? amount : random.uniform() < 0.3 ? 0 : drawAmount(50_000, 1.5, random),
    balanceOfTo: type === 'PAYMENT' ? 0 : drawAmount(400_000, 1.5, random),
    isFraud: false,
  }
}

function drawKind(random: Random): Kind {
  const drawn = random.uniform()
  if (drawn < 0.35) return 'CASH_OUT'
  if (drawn < 0.69) return 'PAYMENT'
  if (drawn < 0.91) return 'CASH_IN'
  return drawn < 0.99 ? 'TRANSFER' : 'DEBIT'
}

function drawHour(random: Random): number {
  for (;;) {
    const step = 1 + random.integer(hours)
    if (step % 24 >= 8 || random.uniform() < 0.15) return step
  }
}

function account(mark: 'C' | 'M', random: Random): string {
  return `${mark}${1 + random.integer(2 ** 31 - 1)}`
}

function cellsOf({ step, type, amount, from, to, balance, balanceOfTo, isFraud }: Payment): string[] {
  const left = type === 'CASH_IN' ? balance + amount : Math.max(0, balance - amount)
  const kept = to.startsWith('M') ? 0 : Math.max(0, balanceOfTo + (type === 'CASH_IN' ? -amount : amount))
  // The original flags few of the transfers above its limit, and nothing that is not fraud.
  const isFlagged = isFraud && type === 'TRANSFER' && amount > flaggedAbove && step % 5 === 0
  return [
    String(step),
    type,
    amount.toFixed(2),
    from,
    balance.toFixed(2),
    left.toFixed(2),
    to,
    balanceOfTo.toFixed(2),
    kept.toFixed(2),
    isFraud ? '1' : '0',
    isFlagged ? '1' : '0',
  ]
}
