import type { Random } from '../../../core/random.ts'
import { DailyDraw } from './daily-draw.ts'
import type { Devices } from './devices.ts'
import type { Purchase } from './purchase.ts'
import { scenario } from './scenario.ts'

// As published: two of 10,000 terminals a day for 28 days, three of 5,000 customers a day for 14.
const compromisedPerTerminal = 2 / 10_000
const compromisedDays = 28
const leaksPerCustomer = 3 / 5000
const leakedDays = 14
const misusedShare = 1 / 3
const misusedTimes = 5
const largestLegitimateMinor = 22_000

export function drawCompromisedTerminals(count: number, random: Random): DailyDraw {
  return new DailyDraw({ count, perDay: compromisedPerTerminal * count, days: compromisedDays }, random)
}

export function drawLeakedCustomers(count: number, random: Random): DailyDraw {
  return new DailyDraw({ count, perDay: leaksPerCustomer * count, days: leakedDays }, random)
}

/** Turns a third of what customers with leaked cards buy into frauds, online from a device of the thief's. */
export function misuseLeakedCards(
  purchases: readonly Purchase[],
  leaked: DailyDraw,
  day: number,
  devices: Devices,
  random: Random,
): void {
  for (const purchase of purchases) {
    if (!leaked.isDrawn(purchase.customer, day) || random.uniform() >= misusedShare) continue
    purchase.amountMinor *= misusedTimes
    purchase.scenario = scenario.leakedCard
    if (purchase.device >= 0) purchase.device = devices.create()
  }
}

/** What the amount or the terminal alone makes a fraud keeps a higher scenario's number. */
export function markByAmountAndTerminal(purchases: readonly Purchase[], compromised: DailyDraw, day: number): void {
  for (const purchase of purchases) {
    if (purchase.scenario > scenario.compromisedTerminal) continue
    if (compromised.isDrawn(purchase.terminal, day)) purchase.scenario = scenario.compromisedTerminal
    else if (purchase.amountMinor > largestLegitimateMinor) purchase.scenario = scenario.largeAmount
  }
}
