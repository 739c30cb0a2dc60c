import type { ComponentChildren } from 'preact'
import { ask, client } from '../../api/client.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import { at } from '../../shell/place.ts'
import { formatCount, formatShare } from '../../ui/figures.ts'

/** What somebody should look at: fuses that tripped, rules that can't be run, reviews beyond what people can do. */
export function Attention() {
  const policy = useQuery('policy', (signal) => ask(client.GET('/v1/policy', { signal })), { everyMs: 10_000 })
  const rules = useQuery('rules', (signal) => ask(client.GET('/v1/rules', { signal })), { everyMs: 30_000 })
  useEvents(['policy', 'deployment'], () => {
    policy.refresh()
    rules.refresh()
  })
  const { tripped = [], reviews, features = [] } = policy.data ?? {}
  const broken = Object.keys(rules.data?.broken ?? {})
  const unready = features.filter(({ state }) => state !== 'computed')
  const load = reviews === undefined || reviews.perDay === null ? undefined : reviews.last24h / reviews.perDay
  return (
    <>
      {tripped.length > 0 && (
        <Banner isBad>
          <b>Fuse tripped:</b> {tripped.join(', ')}. Outcomes are milder than the policy says until it is reset.
        </Banner>
      )}
      {broken.length > 0 && (
        <Banner isBad>
          <b>Can't be run:</b>{' '}
          {broken.map((id, i) => (
            <span key={id}>
              {i > 0 && ', '}
              <a class="text" href={at(['rules', id])}>
                {id}
              </a>
            </span>
          ))}
        </Banner>
      )}
      {unready.length > 0 && (
        <Banner>
          <b>Features of the policy not ready:</b>{' '}
          {unready.map(({ name, state, reason }) => `${name} (${reason ?? state})`).join(', ')}
        </Banner>
      )}
      {load !== undefined && load > 1 && reviews !== undefined && (
        <Banner>
          <b>More reviews than people can do:</b> {formatCount(reviews.last24h)} in 24 hours, {formatShare(load)} of the{' '}
          {formatCount(reviews.perDay ?? 0)} a day.
        </Banner>
      )}
    </>
  )
}

function Banner({ isBad = false, children }: { readonly isBad?: boolean; readonly children: ComponentChildren }) {
  return (
    <div class={isBad ? 'banner bad' : 'banner'} role="status">
      <span>{children}</span>
    </div>
  )
}
