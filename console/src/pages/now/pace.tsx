import { detector } from '../../api/detector.ts'
import type { DecisionEvent } from '../../api/events.ts'
import { formatCount, formatSent, formatShare } from '../../ui/figures.ts'
import { outcomes } from '../../ui/outcome.tsx'

interface PaceProps {
  readonly decisions: readonly DecisionEvent[]
  readonly leftOut: number
}

/** What the newest decisions come to: how fast, how they came out, and the money in them. */
export function Pace({ decisions, leftOut }: PaceProps) {
  const spanMs =
    decisions.length < 2
      ? 0
      : new Date(decisions[0].decidedAt).getTime() - new Date(decisions.at(-1)?.decidedAt ?? 0).getTime()
  const counts = new Map(
    outcomes.map((outcome) => [outcome as string, decisions.filter((each) => each.outcome === outcome)]),
  )
  const sum = (some: readonly DecisionEvent[] = []) => some.reduce((total, { amount: each }) => total + (each ?? 0), 0)
  const { amount } = detector.value ?? {}
  // Amounts of several currencies are not added up.
  const hasMoney = amount !== undefined && amount.currencyField === undefined
  const degraded = decisions.filter((each) => each.degraded.length > 0).length
  return (
    <section class="pace" aria-label={`The last ${decisions.length} decisions`}>
      <dl>
        <Figure
          name="Decisions a second"
          value={spanMs === 0 ? '–' : rate((decisions.length * 1000) / spanMs)}
          note={`of the last ${formatCount(decisions.length)}`}
        />
        {outcomes
          .filter((outcome) => outcome !== 'challenge' || (counts.get(outcome)?.length ?? 0) > 0)
          .map((outcome) => {
            const some = counts.get(outcome) ?? []
            return (
              <Figure
                key={outcome}
                name={outcome}
                tone={outcome}
                value={formatShare(decisions.length === 0 ? null : some.length / decisions.length)}
                note={`${formatCount(some.length)}${hasMoney ? `, ${formatSent(sum(some))}` : ''}`}
              />
            )
          })}
        {degraded > 0 && (
          <Figure name="degraded" value={formatCount(degraded)} note="decided without all that should be known" />
        )}
      </dl>
      <svg class="mix" aria-hidden="true">
        {stack(decisions.length, counts).map(({ outcome, from, share }) => (
          <rect key={outcome} class={outcome} x={`${from * 100}%`} width={`${share * 100}%`} height="100%" />
        ))}
      </svg>
      {leftOut > 0 && (
        <p class="muted small">
          {formatCount(leftOut)} decisions came too fast to be listed since this page was opened.
        </p>
      )}
    </section>
  )
}

function stack(total: number, counts: ReadonlyMap<string, readonly DecisionEvent[]>) {
  let from = 0
  return outcomes.map((outcome) => {
    const share = total === 0 ? 0 : (counts.get(outcome)?.length ?? 0) / total
    const part = { outcome, from, share }
    from += share
    return part
  })
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? formatCount(Math.round(perSecond)) : perSecond.toPrecision(2)
}

interface FigureProps {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly tone?: string
}

function Figure({ name, value, note, tone }: FigureProps) {
  return (
    <div class={tone}>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b>
        <span class="muted small">{note}</span>
      </dd>
    </div>
  )
}
