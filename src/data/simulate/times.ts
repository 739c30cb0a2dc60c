import type { Random } from '../../core/random.ts'
import { fraudMixture, hourlyTraffic } from './creditcard-parameters.ts'
import { createChooser } from './mixture.ts'

const daySeconds = 86_400
/** The original's last row is at 172,792: 8 seconds before its two days are over. */
const unusedSeconds = 8

// Exact repeats are 18 of 417 frauds of the ULB rows, and 1,062 of 284,315 legitimate rows of the original.
const fraudRepeats = 0.043
const legitRepeats = 0.0037

// Many frauds come in bursts, one soon after the other and each much like the last, then silence.
const burstShare = 0.3
const burstsPerHalf = 3
const burstSeconds = 1_200

/** Rows of one class in order of time. */
export interface Schedule {
  /** Whole seconds since the first midnight, rising. */
  readonly times: Float64Array
  /** 1 where the row is the one before it once more. */
  readonly repeats: Uint8Array
}

export function lastSecond(days: number): number {
  return days * daySeconds - unusedSeconds
}

/** Draws times that rise and fall as the original's two days do; more days go on with the same two. */
function createTrafficClock(days: number): (random: Random) => number {
  const hours = Array.from({ length: days * 24 }, (_, hour) => hourlyTraffic[hour % hourlyTraffic.length])
  const chooseHour = createChooser(hours)
  return (random) => Math.min(lastSecond(days), Math.floor((chooseHour(random) + random.uniform()) * 3600))
}

export function scheduleLegit(count: number, days: number, random: Random): Schedule {
  const draw = createTrafficClock(days)
  const times = Float64Array.from({ length: count }, () => draw(random)).sort()
  return withRepeats(times, legitRepeats, () => true, random)
}

export interface ScheduledFraud {
  readonly time: number
  /** Which component of the mixture it comes from. */
  readonly component: number
  /** Which of its component's bursts it belongs to; -1 where it came alone. */
  readonly burst: number
}

/** Frauds with what their times depend on. */
export function scheduleFrauds(
  count: number,
  days: number,
  random: Random,
): Schedule & { readonly frauds: readonly ScheduledFraud[] } {
  const chooseComponent = createChooser(fraudMixture.map(({ share }) => share))
  const drawTraffic = createTrafficClock(days)
  const half = lastSecond(days) / 2
  const bursts = fraudMixture.map(() => Array.from({ length: 2 * burstsPerHalf }, () => half * random.uniform()))

  const frauds = Array.from({ length: count }, (): ScheduledFraud => {
    const component = chooseComponent(random)
    const isLate = random.uniform() >= fraudMixture[component].firstHalf
    const burst = random.uniform() < burstShare ? random.integer(burstsPerHalf) + (isLate ? burstsPerHalf : 0) : -1
    // Outside bursts, half of them follow the traffic and half come at any time: nights have more than their share.
    const alone = random.uniform() < 0.5 ? drawTraffic(random) % half : half * random.uniform()
    const within = burst < 0 ? alone : bursts[component][burst] - burstSeconds * Math.log(1 - random.uniform())
    return { time: Math.floor(Math.min(within, half - 1) + (isLate ? half : 0)), component, burst }
  }).sort((a, b) => a.time - b.time)

  const times = Float64Array.from(frauds, ({ time }) => time)
  const isSameWay = (row: number) => frauds[row].component === frauds[row - 1].component
  return { ...withRepeats(times, fraudRepeats, isSameWay, random), frauds }
}

function withRepeats(
  times: Float64Array,
  share: number,
  canRepeat: (row: number) => boolean,
  random: Random,
): Schedule {
  const repeats = new Uint8Array(times.length)
  for (let row = 1; row < times.length; row++) {
    if (random.uniform() >= share || !canRepeat(row)) continue
    repeats[row] = 1
    times[row] = times[row - 1]
  }
  return { times, repeats }
}
