import type { paths } from '../../api/schema.d.ts'
import { formatCount, formatShare } from '../../ui/figures.ts'
import type { Role } from './deploy.tsx'

type Models = paths['/v1/models']['get']['responses']['200']['content']['application/json']
export type Model = Models['models'][number]

const roleTones: Readonly<Record<string, string>> = { champion: 'accent', canary: 'review', shadow: 'challenge' }

/** Which role a model is usually given next: each one shows more of it than the one before. */
export const nextRole: Readonly<Record<string, Role>> = {
  shadow: 'canary',
  canary: 'champion',
  champion: 'champion',
}

export function metricOf({ metrics }: Model, name: string): number | undefined {
  const value: unknown = Reflect.get(metrics ?? {}, name)
  return typeof value === 'number' ? value : undefined
}

/** What a model does now, or why it does nothing. */
export function RoleOf({ model, serving }: { readonly model: Model; readonly serving: string | null }) {
  const { id, role, state, progress, isMissing, error } = model
  if (isMissing) return <span class="badge decline">file is missing</span>
  if (state === 'failed')
    return (
      <span class="badge decline" title={error?.detail}>
        could not be loaded
      </span>
    )
  const share =
    progress?.of === undefined || progress.of === 0
      ? ''
      : ` ${Math.floor(((progress.records ?? 0) / progress.of) * 100)}%`
  if (state === 'preparing') return <span class="badge review">preparing{share}</span>
  if (role === null && id === serving) return <span class="badge accent">decides</span>
  return role === null ? <span class="muted">none</span> : <span class={`badge ${roleTones[role] ?? ''}`}>{role}</span>
}

/** What a canary and the champion have done, and how far its guard is. */
export function Guard({ model: { id, canary, figures } }: { readonly model: Model }) {
  if (canary === undefined || figures === undefined) return null
  const { guard, share, by } = canary
  const { canary: own, champion } = figures
  const isLooking = own.decisions >= guard.minDecisions
  const shareOf = (part: number, whole: number) => (whole === 0 ? '–' : formatShare(part / whole))
  const rows = [
    [
      'Decisions',
      formatCount(own.decisions),
      formatCount(champion.decisions),
      `from ${formatCount(guard.minDecisions)} on`,
    ],
    ...(['challenge', 'review', 'decline'] as const).map((outcome) => [
      outcome,
      shareOf(own.outcomes[outcome], own.decisions),
      shareOf(champion.outcomes[outcome], champion.decisions),
      `±${formatShare(guard.rateDifference)}`,
    ]),
    [
      'Without a score',
      shareOf(own.faults, own.decisions),
      shareOf(champion.faults, champion.decisions),
      `at most ${formatShare(guard.faultRate)}`,
    ],
    [
      'Fraud among those not approved',
      `${formatCount(own.flaggedFrauds)} of ${formatCount(own.flagged)}`,
      `${formatCount(champion.flaggedFrauds)} of ${formatCount(champion.flagged)}`,
      `at least ${formatShare(guard.leastFound)} of the champion’s share`,
    ],
  ]
  return (
    <section class="panel" aria-label="Guard">
      <header>
        <h2>Guard of {id}</h2>
        <span class={`badge ${isLooking ? 'approve' : 'review'}`}>
          {isLooking
            ? 'nothing speaks against it'
            : `looks from ${formatCount(guard.minDecisions)} decisions on, ${formatCount(own.decisions)} so far`}
        </span>
      </header>
      <div class="inside">
        <p class="muted small">
          It decides {formatShare(share)} of {by}s. A limit is passed only where chance does not explain it; then the
          canary is retired by itself.
        </p>
        <table class="diff guard">
          <thead>
            <tr>
              <th scope="col">Since it was deployed</th>
              <th scope="col">Canary</th>
              <th scope="col">Champion</th>
              <th scope="col">Limit</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, mine, others, limit]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{mine}</td>
                <td>{others}</td>
                <td class="muted">{limit}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
