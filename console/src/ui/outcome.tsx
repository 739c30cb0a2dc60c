import { formatScore } from './figures.ts'
import './outcome.css'

export const outcomes = ['approve', 'challenge', 'review', 'decline'] as const
export type Outcome = (typeof outcomes)[number]

/** An outcome by its word, with a mark that does without colour. */
export function OutcomeBadge({ outcome }: { readonly outcome: string }) {
  return (
    <span class={`badge ${outcome}`}>
      <span class="mark" aria-hidden="true" />
      {outcome}
    </span>
  )
}

/** A probability of fraud as a figure with a bar. */
export function Score({ score }: { readonly score: number | null }) {
  if (score === null) return <span class="muted">no score</span>
  return (
    <span class="score">
      <span class="score-figure">{formatScore(score)}</span>
      <meter aria-hidden="true" min={0} max={1} value={score} />
    </span>
  )
}
