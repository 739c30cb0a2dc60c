import type { Outcome } from '../detector/detector-schema.ts'
import type { Opinion } from './opinion.ts'

/** The score from which on each outcome is given. */
export interface Thresholds {
  readonly challenge?: number | undefined
  readonly review?: number | undefined
  readonly decline?: number | undefined
}

/** The most severe outcome whose threshold the score reaches. Asked of every decision, so it allocates nothing. */
export function outcomeByThresholds({ challenge, review, decline }: Thresholds, score: number): Outcome {
  if (decline !== undefined && !(score < decline)) return 'decline'
  if (review !== undefined && !(score < review)) return 'review'
  return challenge !== undefined && !(score < challenge) ? 'challenge' : 'approve'
}

/**
 * What thresholds make of a score: nothing where it reaches none.
 *
 * @param segment the name of the segment that they are of.
 */
export function opinionByThresholds(thresholds: Thresholds, score: number, segment?: string): Opinion | undefined {
  const outcome = outcomeByThresholds(thresholds, score)
  if (outcome === 'approve') return undefined
  const of = segment === undefined ? '' : ` of the segment ${segment}`
  const threshold = thresholds[outcome] ?? 0
  const where = score === threshold ? 'at' : 'over'
  const text = `Score ${showScore(score, threshold)} is ${where} the ${outcome} threshold ${showShare(threshold)}${of}`
  return {
    source: 'threshold',
    id: outcome,
    outcome,
    strength: 'plain',
    reason: { code: `score_over_${outcome}`, text },
  }
}

/** As many decimals as tell a score from the threshold that it is over. */
function showScore(score: number, threshold: number): string {
  if (score === threshold || showShare(score) !== showShare(threshold)) return showShare(score)
  let decimals = 3
  while (decimals < 17 && Number(score.toFixed(decimals)) <= threshold) decimals++
  return score.toFixed(decimals)
}

/** Two decimals, or as many as tell a small number from 0. */
function showShare(share: number): string {
  return share >= 0.005 || share === 0 ? share.toFixed(2) : share.toPrecision(2)
}
