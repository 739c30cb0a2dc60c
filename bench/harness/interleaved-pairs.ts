import { mean } from './measure.ts'

/** Student's t at 97.5 %, by degrees of freedom from 4 on (any table of it). */
const studentT = [2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101]

/** So many can be compared, for their interval. */
export const fewestPairs = 5
export const mostPairs = studentT.length + fewestPairs - 1

/** Runs one side once and returns its processor time, in seconds. */
export type Side = () => Promise<number>

export interface PairsOptions {
  readonly pairs: number
  /** How a time is shown. */
  readonly show: (seconds: number) => string
  readonly log: (line: string) => void
}

interface Pair {
  readonly own: number
  readonly peer: number
}

/** Pairs with the interval of the ratio: Student's, of its logarithm. */
export async function comparePairs(
  name: string,
  sides: readonly Side[],
  options: PairsOptions,
): Promise<readonly string[]> {
  const measured = await runPairs(name, sides, options)
  const { middle, half } = intervalOf(measured.map(({ own, peer }) => Math.log(own / peer)))
  const percent = (value: number) => `${((Math.exp(value) - 1) * 100).toFixed(1)} %`
  return [
    ...namesAndMeans(name, measured, options),
    percent(middle),
    `${percent(middle - half)} to ${percent(middle + half)}`,
  ]
}

/** Pairs with the interval of what the first side takes more than the second. */
export async function differPairs(
  name: string,
  sides: readonly Side[],
  options: PairsOptions,
): Promise<{ readonly row: readonly string[]; readonly most: number }> {
  const measured = await runPairs(name, sides, options)
  const { middle, half } = intervalOf(measured.map(({ own, peer }) => own - peer))
  const { show } = options
  const interval = `${show(middle - half)} to ${show(middle + half)}`
  return { row: [...namesAndMeans(name, measured, options), show(middle), interval], most: middle + half }
}

function namesAndMeans(name: string, measured: readonly Pair[], { show }: PairsOptions): readonly string[] {
  return [name, show(mean(measured.map(({ own }) => own))), show(mean(measured.map(({ peer }) => peer)))]
}

/** After one run of each, pairs of which the side that goes first changes. */
async function runPairs(
  name: string,
  [ours, theirs]: readonly Side[],
  { pairs, show, log }: PairsOptions,
): Promise<readonly Pair[]> {
  await ours()
  await theirs()
  const measured: Pair[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const first = pair % 2 === 0 ? await ours() : undefined
    const peer = await theirs()
    const own = first ?? (await ours())
    measured.push({ own, peer })
    log(`${name}, pair ${pair + 1}: ${show(own)} and ${show(peer)}`)
  }
  return measured
}

/** The mean, and how far its 95 % interval reaches to each side. */
function intervalOf(values: readonly number[]): { readonly middle: number; readonly half: number } {
  const middle = mean(values)
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
  return { middle, half: (studentT[values.length - fewestPairs] * deviation) / Math.sqrt(values.length) }
}
