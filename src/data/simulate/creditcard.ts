import { FraudError } from '../../core/errors.ts'
import { createRandom, type Random } from '../../core/random.ts'
import { atOnce, type Steps } from '../../core/time-slices.ts'
import type { Table } from '../table.ts'
import { createAmounts } from './amounts.ts'
import {
  amountCentre,
  bendScale,
  fraudAmounts,
  fraudMixture,
  legitAmounts,
  legitMixture,
  perAmount,
  perDay,
} from './creditcard-parameters.ts'
import { createChooser, createRowSampler, type RowSampler } from './mixture.ts'
import { lastSecond, type ScheduledFraud, scheduleFrauds, scheduleLegit } from './times.ts'

export interface CreditcardOptions {
  /** How many rows, frauds included. */
  readonly rows?: number
  readonly frauds?: number
  /** A whole number from 0; the same options and seed give the same table. */
  readonly seed?: number
  readonly days?: number
  /** Called now and then with the rows that are done and how many there will be. */
  readonly onProgress?: (done: number, total: number) => void
}

// Nothing about them gives these frauds away but the Amount: no model finds all frauds in the real table either.
const hiddenShare = 0.03

// A fraud of a burst is mostly its burst's first one; the squares add up to 1, so that bursts don't change the variance.
const burstLikeness = 0.96
const burstFreedom = 0.28

const componentCount = bendScale.length
const progressEvery = 8_192
// Nine decimals are 9 to 11 significant digits: enough that values hardly repeat, in two thirds of the original's text.
const decimals = 1e9

/**
 * A table in the shape of the well-known ULB card table, and about as hard to learn: Time (whole seconds, rising),
 * V1..V28, Amount (two decimals), Class (1 fraud). Both classes are mixtures of factor analysers fitted to the ULB rows
 * (bench/peers/fit_creditcard_simulator.py), so that frauds are a few distinct ways of working, near ones among them,
 * legitimate rows have outliers of their own, and the days differ a little. A few rows are exact repeats, as there.
 *
 * Throws OPTION_INVALID for a count that is no whole number and for more frauds than rows.
 */
export function simulateCreditcard(options: CreditcardOptions = {}): Table {
  return atOnce(simulateInSteps(options))
}

/** The same in steps, between which somebody can stop it. */
export function* simulateInSteps(options: CreditcardOptions = {}): Steps<Table> {
  const { rows = 284_807, frauds = 492, seed = 42, days = 2, onProgress } = options
  checkCount('rows', rows, 1, 100_000_000)
  checkCount('frauds', frauds, 0, rows)
  checkCount('seed', seed, 0, Number.MAX_SAFE_INTEGER)
  checkCount('days', days, 1, 36_500)

  const random = createRandom(seed)
  const legit = scheduleLegit(rows - frauds, days, random)
  const fraud = scheduleFrauds(frauds, days, random)
  const { time, components, amount, label } = emptyColumns(rows)
  const drawRow = createRowWriter(components, amount, random)
  const halfSpan = lastSecond(days) / 2

  let nextLegit = 0
  let nextFraud = 0
  for (let row = 0; row < rows; row++) {
    // A legitimate row goes first where both are due, so that a repeat stands right behind the row that it repeats.
    const isFraud =
      nextLegit === legit.times.length || (nextFraud < frauds && fraud.times[nextFraud] < legit.times[nextLegit])
    const from = isFraud ? fraud : legit
    const at = isFraud ? nextFraud++ : nextLegit++
    time[row] = from.times[at]
    label[row] = isFraud ? 1 : 0
    if (from.repeats[at] === 1) {
      for (const column of [...components, amount]) column[row] = column[row - 1]
    } else {
      drawRow(row, from.times[at] / halfSpan - 1, isFraud ? fraud.frauds[at] : undefined)
    }
    if ((row + 1) % progressEvery > 0 && row + 1 < rows) continue
    onProgress?.(row + 1, rows)
    yield
  }

  const named: [string, Float64Array][] = [
    ['Time', time],
    ...components.map((values, i): [string, Float64Array] => [`V${i + 1}`, values]),
    ['Amount', amount],
    ['Class', label],
  ]
  return { rowCount: rows, columns: named.map(([name, values]) => ({ kind: 'number', name, values })) }
}

/** Writes V1..V28 and Amount of one row, a legitimate one where no fraud is given. */
function createRowWriter(components: readonly Float64Array[], amounts: Float64Array, random: Random) {
  const drawLegit = createLegitSampler()
  const drawFraud = createFraudSampler(drawLegit)
  const legitAmount = createAmounts(legitAmounts)
  const fraudAmount = createAmounts(fraudAmounts)
  const bent = new Float64Array(componentCount + 1)

  return (row: number, drift: number, fraud: ScheduledFraud | undefined) => {
    if (fraud === undefined) drawLegit(bent, random)
    else drawFraud(bent, fraud, random)
    const amount = (fraud === undefined ? legitAmount : fraudAmount)(bent[componentCount], random)
    amounts[row] = amount
    for (let i = 0; i < componentCount; i++) {
      const y = bent[i]
      const value = bendScale[i] * y * (1 + (y * y) / 3) + perAmount[i] * (amount - amountCentre) + perDay[i] * drift
      // Adding 0 turns -0 into 0.
      components[i][row] = (Math.round(value * decimals) + 0) / decimals
    }
  }
}

function createLegitSampler(): RowSampler {
  const samplers = legitMixture.map(createRowSampler)
  const choose = createChooser(legitMixture.map(({ share }) => share))
  return (row, random) => samplers[choose(random)](row, random)
}

function createFraudSampler(drawHidden: RowSampler) {
  const samplers = fraudMixture.map(createRowSampler)
  const models = new Map<string, Float64Array>()
  return (row: Float64Array, { component, burst }: ScheduledFraud, random: Random) => {
    if (random.uniform() < hiddenShare) return drawHidden(row, random)
    samplers[component](row, random)
    if (burst < 0) return
    const name = `${component} ${burst}`
    const model = models.get(name)
    if (model === undefined) {
      models.set(name, row.slice())
      return
    }
    const { mean } = fraudMixture[component]
    for (let i = 0; i < row.length; i++) {
      row[i] = mean[i] + burstLikeness * (model[i] - mean[i]) + burstFreedom * (row[i] - mean[i])
    }
  }
}

function emptyColumns(rows: number) {
  return {
    time: new Float64Array(rows),
    components: Array.from({ length: componentCount }, () => new Float64Array(rows)),
    amount: new Float64Array(rows),
    label: new Float64Array(rows),
  }
}

function checkCount(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  throw new FraudError('OPTION_INVALID', `${name} is ${value}, but it must be a whole number from ${least} to ${most}`)
}
