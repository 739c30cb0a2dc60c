/** One rule: some feature beyond a limit, or two of them at once. */
export interface Rule {
  readonly text: string
  /** Asked of rows that it was not chosen on, too, by their own columns. */
  readonly holds: (row: number, columns?: readonly Float64Array[]) => boolean
}

export interface RuleFamily {
  readonly names: readonly string[]
  /** The features of the rows that a rule is chosen on. */
  readonly columns: readonly Float64Array[]
}

/** How many limits of each feature are tried alone, and in a conjunction. */
const steps = { alone: 4000, together: 40 }

interface Side {
  readonly text: (limit: number) => string
  /** Turned so that a rule always asks for more than its limit. */
  readonly values: Float64Array
  readonly sign: 1 | -1
  readonly feature: number
}

/**
 * The rule that saved most on the rows that it is chosen on, of every `feature > x`, `feature <= x`, and every conjunction of
 * two of these.
 *
 * @param saved what each row would have saved, were the rule to hold for it.
 * @param mostRows how many rows it may hold for.
 */
export function bestRule(
  { names, columns }: RuleFamily,
  saved: Float64Array,
  mostRows: number,
): Rule & { readonly saved: number; readonly tried: number } {
  const sides = columns.flatMap((values, feature): readonly Side[] => [
    { values, feature, sign: 1, text: (limit) => `${names[feature]} > ${limit}` },
    { values: values.map((value) => -value), feature, sign: -1, text: (limit) => `${names[feature]} < ${-limit}` },
  ])
  let best = { text: 'none', saved: 0, limits: [] as readonly { readonly side: Side; readonly limit: number }[] }
  let tried = 0
  const consider = (pair: readonly Binned[]) => {
    const { sums, counts } = tally(pair, saved)
    const [one, other] = pair
    const width = other === undefined ? 1 : other.limits.length + 1
    for (let i = one.limits.length; i > 0; i--) {
      for (let j = other === undefined ? 0 : width - 1; j >= (other === undefined ? 0 : 1); j--) {
        tried++
        const place = i * width + j
        if (counts[place] > mostRows || !(sums[place] > best.saved)) continue
        const limits = [
          { side: one.side, limit: one.limits[i - 1] },
          ...(other === undefined ? [] : [{ side: other.side, limit: other.limits[j - 1] }]),
        ]
        const text = limits.map(({ side, limit }) => side.text(limit)).join(' && ')
        best = { text, saved: sums[place], limits }
      }
    }
  }
  for (const side of sides) consider([binned(side, steps.alone)])
  const coarse = sides.map((side) => binned(side, steps.together))
  coarse.forEach((one, i) => {
    for (const other of coarse.slice(i + 1)) consider([one, other])
  })
  const { limits, ...told } = best
  const holds = (row: number, of = columns) =>
    limits.length > 0 && limits.every(({ side, limit }) => side.sign * of[side.feature][row] > limit)
  return { ...told, tried, holds }
}

interface Binned {
  readonly side: Side
  /** Ascending; a value in bin b is above the first b of them. */
  readonly limits: readonly number[]
  readonly bins: Uint16Array
}

/** Limits lie closer together the rarer the values above them are, as those of a useful rule do. */
function binned(side: Side, count: number): Binned {
  const ascending = side.values.filter((value) => !Number.isNaN(value)).sort()
  const at = (step: number) => ascending[Math.floor((ascending.length - 1) * (1 - 10 ** (-4.5 * (step / count))))]
  const limits = [...new Set(Array.from({ length: count }, (_, step) => at(step)))]
  const bins = Uint16Array.from(side.values, (value) => {
    let low = 0
    let high = limits.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (value > limits[middle]) low = middle + 1
      else high = middle
    }
    return low
  })
  return { side, limits, bins }
}

/** By bins of one or two sides: what is saved, and how many rows there are, in this bin and all beyond it. */
function tally([one, other]: readonly Binned[], saved: Float64Array) {
  const width = other === undefined ? 1 : other.limits.length + 1
  const sums = new Float64Array((one.limits.length + 1) * width)
  const counts = new Float64Array(sums.length)
  saved.forEach((value, row) => {
    const place = one.bins[row] * width + (other === undefined ? 0 : other.bins[row])
    sums[place] += value
    counts[place]++
  })
  for (const values of [sums, counts]) {
    for (let place = values.length - 1 - width; place >= 0; place--) values[place] += values[place + width]
    if (width === 1) continue
    for (let place = values.length - 1; place >= 0; place--) {
      if ((place + 1) % width !== 0) values[place] += values[place + 1]
    }
  }
  return { sums, counts }
}
