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

/** After one run of each, pairs of which the side that goes first changes; the interval is Student's, of the logarithm of the ratio. */
export async function comparePairs(
  name: string,
  [ours, theirs]: readonly Side[],
  { pairs, show, log }: PairsOptions,
): Promise<readonly string[]> {
  await ours()
  await theirs()
  const measured: { readonly own: number; readonly peer: number }[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const first = pair % 2 === 0 ? await ours() : undefined
    const peer = await theirs()
    const own = first ?? (await ours())
    measured.push({ own, peer })
    log(`${name}, pair ${pair + 1}: ${show(own)} and ${show(peer)}`)
  }
  const logs = measured.map(({ own, peer }) => Math.log(own / peer))
  const middle = mean(logs)
  const deviation = Math.sqrt(logs.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (pairs - 1))
  const half = (studentT[pairs - fewestPairs] * deviation) / Math.sqrt(pairs)
  const percent = (value: number) => `${((Math.exp(value) - 1) * 100).toFixed(1)} %`
  const side = (of: 'own' | 'peer') => show(mean(measured.map((run) => run[of])))
  return [name, side('own'), side('peer'), percent(middle), `${percent(middle - half)} to ${percent(middle + half)}`]
}
