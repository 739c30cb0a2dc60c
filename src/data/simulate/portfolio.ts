import { FraudError } from '../../core/errors.ts'
import { createRandom } from '../../core/random.ts'
import type { Table } from '../table.ts'
import { testCards } from './portfolio/card-testing.ts'
import { Cards } from './portfolio/cards.ts'
import { createCustomers } from './portfolio/customers.ts'
import { type TimedPurchase, toTable } from './portfolio/day-table.ts'
import { Devices } from './portfolio/devices.ts'
import {
  drawCompromisedTerminals,
  drawLeakedCustomers,
  markByAmountAndTerminal,
  misuseLeakedCards,
} from './portfolio/handbook-frauds.ts'
import { cloneCards } from './portfolio/impossible-travel.ts'
import { drawReportDelay, maturitySeconds } from './portfolio/labels.ts'
import { createMerchants, type Merchants } from './portfolio/merchants.ts'
import { daySeconds } from './portfolio/purchase.ts'
import { scenario } from './portfolio/scenario.ts'
import { type Portfolio, spendDay } from './portfolio/spending.ts'
import { Takeovers } from './portfolio/takeovers.ts'
import { Trips } from './portfolio/trips.ts'

export interface PortfolioOptions {
  readonly customers?: number
  /** Terminals in shops; online shops come on top, one per 50 of these. */
  readonly terminals?: number
  readonly days?: number
  /** Midnight, UTC, of the first day. */
  readonly startMs?: number
  /** A whole number from 0; the same options and seed give the same rows. */
  readonly seed?: number
  /** Called after each day. */
  readonly onProgress?: (daysDone: number, days: number) => void
}

interface Settings extends Required<Omit<PortfolioOptions, 'onProgress'>> {
  readonly onProgress: PortfolioOptions['onProgress']
}

const dayMs = daySeconds * 1000
const rowsPerBatch = 20_000
const defaultStartMs = Date.UTC(2026, 0, 1)

/**
 * The transactions of a made-up portfolio of cards, sorted by time, in batches of at most a day. Customers buy by their
 * habits; what turns some of it into fraud, and what fraud comes on top, is in `portfolio/scenario.ts`. Only a day is
 * held at a time, however many there are.
 *
 * Throws OPTION_INVALID for a count that is no whole number or out of range, and for a start that is no midnight.
 */
export function simulatePortfolio(options: PortfolioOptions = {}): Iterable<Table> {
  const { customers = 5000, terminals = 10_000, days = 60, startMs = defaultStartMs, seed = 42, onProgress } = options
  checkCount('customers', customers, 1, 5_000_000)
  checkCount('terminals', terminals, 1, 5_000_000)
  checkCount('days', days, 1, 36_500)
  checkCount('seed', seed, 0, Number.MAX_SAFE_INTEGER)
  if (!(startMs >= 0 && startMs < Date.UTC(9000, 0, 1) && startMs % dayMs === 0)) {
    throw new FraudError('OPTION_INVALID', 'start must be a midnight in UTC, from 1970 to 8999')
  }
  return simulateDays({ customers, terminals, days, startMs, seed, onProgress })
}

function* simulateDays(settings: Settings): Generator<Table> {
  const { days, onProgress } = settings
  const merchants = createMerchants(settings.terminals, createRandom(settings.seed, stream.merchants))
  const { customers, simulateDay } = createDaySimulator(settings, merchants)
  let rows = 0
  for (let day = 0; day < days; day++) {
    const purchases = simulateDay(day)
    // A day without a transaction has a batch too: a file has a header in any case.
    for (let from = 0; from === 0 || from < purchases.length; from += rowsPerBatch) {
      const batch = purchases.slice(from, from + rowsPerBatch)
      yield toTable(batch, rows + 1, { merchants, customers })
      rows += batch.length
    }
    onProgress?.(day + 1, days)
  }
}

/** A stream of random numbers for each concern. */
export const stream = {
  merchants: 1,
  customers: 2,
  spending: 3,
  compromisedTerminals: 4,
  leakedCustomers: 5,
  misuse: 6,
  cardTesting: 7,
  clones: 8,
  takeovers: 9,
  labels: 10,
} as const

/** The customers, and the purchases of one day after the other, in order of time. */
function createDaySimulator({ customers: count, terminals, seed, startMs }: Settings, merchants: Merchants) {
  const random = (concern: keyof typeof stream) => createRandom(seed, stream[concern])
  const habits = random('customers')
  const customers = createCustomers(count, merchants, habits)
  const portfolio: Portfolio = {
    merchants,
    customers,
    cards: new Cards(count, habits),
    devices: new Devices(count, habits),
    trips: new Trips(customers),
  }
  const { cards, devices } = portfolio
  const compromised = drawCompromisedTerminals(terminals, random('compromisedTerminals'))
  const leaked = drawLeakedCustomers(count, random('leakedCustomers'))
  const takeovers = new Takeovers(portfolio)
  const [spending, misuse, testing] = [random('spending'), random('misuse'), random('cardTesting')]
  const [cloning, charging, reporting] = [random('clones'), random('takeovers'), random('labels')]

  const simulateDay = (day: number): TimedPurchase[] => {
    compromised.draw(day)
    leaked.draw(day)
    const genuine = spendDay(portfolio, day, isWeekend(startMs + day * dayMs), spending)
    misuseLeakedCards(genuine, leaked, day, devices, misuse)
    const purchases = [
      ...genuine,
      ...testCards(portfolio, day, testing),
      ...cloneCards(portfolio, genuine, cloning),
      ...takeovers.charge(day, charging),
    ]
    markByAmountAndTerminal(purchases, compromised, day)
    return purchases
      .sort((a, b) => a.second - b.second)
      .map((purchase) => {
        const isFraud = purchase.scenario !== scenario.legitimate
        const delay = isFraud ? drawReportDelay(reporting) : maturitySeconds
        const reportDay = day + Math.floor((purchase.second + delay) / daySeconds)
        const { customer, card } = purchase
        // Who knows of a leak only afterwards has it go on until its end.
        if (isFraud) cards.retire(customer, card, Math.max(reportDay, leaked.lastDay(customer)))
        const timestampMs = startMs + day * dayMs + purchase.second * 1000
        return { ...purchase, timestampMs, labelKnownAtMs: timestampMs + delay * 1000 }
      })
  }
  return { customers, simulateDay }
}

function isWeekend(midnightMs: number): boolean {
  const weekday = new Date(midnightMs).getUTCDay()
  return weekday === 0 || weekday === 6
}

function checkCount(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  throw new FraudError('OPTION_INVALID', `${name} is ${value}, but it must be a whole number from ${least} to ${most}`)
}
