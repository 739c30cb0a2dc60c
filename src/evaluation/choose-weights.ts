import { averagePrecision } from './metrics.ts'

const rounds = 50

/**
 * Weights of models that are averaged, chosen by their scores of rows that none of them learned from: one model after
 * another is drawn into the average, each time the one that lifts average precision most, some again and again (Caruana
 * et al., "Ensemble Selection from Libraries of Models", 2004). The best average on the way counts.
 */
export function chooseWeights(
  labels: Uint8Array,
  scores: readonly Float64Array[],
  rowWeights: Float64Array | undefined,
): Float64Array {
  const counts = new Float64Array(scores.length)
  const sum = new Float64Array(labels.length)
  const candidate = new Float64Array(labels.length)
  let best = { precision: Number.NEGATIVE_INFINITY, counts: counts.slice() }
  for (let round = 0; round < rounds; round++) {
    const measured = scores.map((own) => {
      for (let row = 0; row < sum.length; row++) candidate[row] = sum[row] + own[row]
      return averagePrecision(labels, candidate, rowWeights)
    })
    const chosen = measured.indexOf(Math.max(...measured))
    counts[chosen] += 1
    for (let row = 0; row < sum.length; row++) sum[row] += scores[chosen][row]
    if (measured[chosen] > best.precision) best = { precision: measured[chosen], counts: counts.slice() }
  }
  const total = best.counts.reduce((all, count) => all + count, 0)
  return best.counts.map((count) => count / total)
}
