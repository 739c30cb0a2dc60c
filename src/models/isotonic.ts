import { solveShift, type WeighedOdds } from './log-odds.ts'

/** Points of an increasing function of log-odds, straight between them. */
export interface Knots {
  readonly knots: readonly number[]
  readonly values: readonly number[]
}

/** Rows that the fit can't tell apart, with the ends of the stretch they cover. */
interface Block {
  weight: number
  fraud: number
  moment: number
  low: number
  high: number
}

/**
 * Centred isotonic regression (Oron and Flournoy, "Centered Isotonic Regression", Statistics in Biopharmaceutical
 * Research 9, 2017): the fraud rates of pooled adjacent violators, each set at its block's weighted mean position, and
 * straight lines between these in place of steps. Its error is smaller than that of the steps, and it rises strictly,
 * so that distinct scores stay distinct. At last all values are shifted until the mean prediction is the fraud rate.
 * `tilt` is the slope beyond the first and the last block's centre.
 */
export function fitIsotonic(odds: WeighedOdds, tilt: number): Knots {
  const blocks = poolViolators(odds)
  const knots = blocks.map(({ moment, weight, low, high }) => Math.min(Math.max(moment / weight, low), high))
  const values = smoothEnds(blocks).map((rate) => Math.log(rate / (1 - rate)))
  const fitted = odds.logOdds.map((x) => interpolate({ knots, values }, tilt, x))
  const shift = solveShift(fitted, odds)
  return { knots, values: values.map((value) => value + shift) }
}

/** Pool adjacent violators, from the lowest log-odds up; rates that agree to nine digits are one block too. */
export function poolViolators({ logOdds, weight, fraud }: WeighedOdds): readonly Readonly<Block>[] {
  const blocks: Block[] = []
  for (let i = 0; i < logOdds.length; i++) {
    const x = logOdds[i]
    let block = { weight: weight[i], fraud: fraud[i], moment: weight[i] * x, low: x, high: x }
    let before = blocks.at(-1)
    while (before !== undefined && before.fraud * block.weight >= block.fraud * before.weight * (1 - 1e-9)) {
      block = {
        weight: before.weight + block.weight,
        fraud: before.fraud + block.fraud,
        moment: before.moment + block.moment,
        low: before.low,
        high: block.high,
      }
      blocks.pop()
      before = blocks.at(-1)
    }
    blocks.push(block)
  }
  return blocks
}

/**
 * The blocks' fraud rates, where a first block without fraud is given half a fraud and a last one of nothing else half a
 * legitimate row (never more than half of what its neighbour has): a rate of exactly 0 or 1 has no log-odds, and
 * "never" is more than any number of rows can say.
 */
function smoothEnds(blocks: readonly Readonly<Block>[]): number[] {
  const rates = blocks.map(({ weight, fraud }) => fraud / weight)
  const last = rates.length - 1
  const lone = last === 0
  if (rates[0] === 0) rates[0] = Math.min(0.5 / (blocks[0].weight + 1), lone ? 0.5 : rates[1] / 2)
  if (rates[last] === 1) {
    rates[last] = 1 - Math.min(0.5 / (blocks[last].weight + 1), lone ? 0.5 : (1 - rates[last - 1]) / 2)
  }
  return rates
}

/** Allocation-free: a binary search, then one straight line. */
export function interpolate({ knots, values }: Knots, tilt: number, x: number): number {
  let high = knots.length - 1
  if (x <= knots[0]) return values[0] + tilt * (x - knots[0])
  if (x >= knots[high]) return values[high] + tilt * (x - knots[high])
  let low = 0
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (knots[middle] <= x) low = middle
    else high = middle
  }
  const rise = (values[high] - values[low]) / (knots[high] - knots[low])
  // Rounding must not carry a value over the knot to its right.
  return Math.min(values[low] + rise * (x - knots[low]), values[high])
}
