import type { ComponentChildren } from 'preact'
import { ask, client } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { at } from '../../shell/place.ts'
import { formatCount, formatMinor, formatShare } from '../../ui/figures.ts'
import { outcomes } from '../../ui/outcome.tsx'
import { Ready } from '../../ui/states.tsx'
import { Day as DayOf, formatSpan, Time } from '../../ui/time.tsx'
import './day.css'

type Drift = paths['/v1/monitoring/drift']['get']['responses']['200']['content']['application/json']
type Week =
  paths['/v1/monitoring/performance']['get']['responses']['200']['content']['application/json']['weeks'][number]

const everyMs = 20_000

/** The figures of the day beside the stream: outcomes, money, what people can do, and what wants to be looked at. */
export function Day() {
  const drift = useQuery('drift', (signal) => ask(client.GET('/v1/monitoring/drift', { signal })), { everyMs })
  const weeks = useQuery('performance', (signal) => ask(client.GET('/v1/monitoring/performance', { signal })), {
    everyMs,
  })
  return (
    <aside class="day" aria-label="Figures of the day">
      <Alerts />
      <Capacity />
      <section class="panel">
        <header>
          <h2>Last 24 hours</h2>
        </header>
        <Ready of={drift} lines={4}>
          {({ rates, through }) => <Outcomes rates={rates} through={through} />}
        </Ready>
      </section>
      <section class="panel">
        <header>
          <h2>Money</h2>
          <a class="text small" href={at(['monitoring'])}>
            by week
          </a>
        </header>
        <Ready of={weeks} lines={3}>
          {({ weeks: all }) => <Money weeks={all} />}
        </Ready>
      </section>
    </aside>
  )
}

function Line({ name, tone, children }: LineProps) {
  return (
    <div class={tone}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

interface LineProps {
  readonly name: string
  readonly tone?: string
  readonly children: ComponentChildren
}

function Alerts() {
  const alerts = useQuery('alerts', (signal) => ask(client.GET('/v1/alerts', { signal })), { everyMs })
  return (
    <section class="panel">
      <header>
        <h2>Alerts</h2>
        <a class="text small" href={at(['monitoring'])}>
          all
        </a>
      </header>
      <Ready of={alerts} lines={1}>
        {({ firing }) =>
          firing.length === 0 ? (
            <p class="inside muted">None holds.</p>
          ) : (
            <ul class="inside alerts">
              {firing.map(({ alert, subject, severity, text, since }) => (
                <li key={alert + subject}>
                  <span class={`badge ${severity === 'critical' ? 'decline' : severity === 'warning' ? 'review' : ''}`}>
                    {severity}
                  </span>{' '}
                  {text}{' '}
                  <span class="muted small">
                    since <Time at={since} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Ready>
    </section>
  )
}

function Capacity() {
  const policy = useQuery('policy', (signal) => ask(client.GET('/v1/policy', { signal })), { everyMs })
  const figures = useQuery('case figures', (signal) => ask(client.GET('/v1/cases/figures', { signal })), { everyMs })
  return (
    <section class="panel">
      <header>
        <h2>Reviews</h2>
        <a class="text small" href={at(['queue'])}>
          queue
        </a>
      </header>
      <dl class="inside">
        <Ready of={policy} lines={1}>
          {({ reviews: { last24h, perDay } }) => (
            <Line name="in 24 hours" {...(perDay !== null && last24h > perDay ? { tone: 'decline' } : {})}>
              <b>{formatCount(last24h)}</b>
              {perDay === null ? (
                <span class="muted small">the policy sets no limit</span>
              ) : (
                <>
                  <span class="muted small">
                    of {formatCount(perDay)} that people can do, {formatShare(last24h / perDay)}
                  </span>
                  <meter aria-label="Capacity used" min={0} max={perDay} value={Math.min(perDay, last24h)} />
                </>
              )}
            </Line>
          )}
        </Ready>
        <Ready of={figures} lines={2}>
          {({ cases: { open, claimed, snoozed }, expectedLossMinor, oldestOpenedAt, overdue }) => (
            <>
              <Line name="cases not closed">
                <b>{formatCount(open + claimed + snoozed)}</b>
                <span class="muted small">
                  {formatCount(claimed)} claimed{snoozed > 0 && `, ${formatCount(snoozed)} put off`}
                  {overdue > 0 && `, ${formatCount(overdue)} overdue`}
                  {oldestOpenedAt !== null &&
                    `, the oldest for ${formatSpan(Date.now() - new Date(oldestOpenedAt).getTime())}`}
                </span>
              </Line>
              <Line name="at stake in them">
                <b>{expectedLossMinor === null ? 'amounts of several currencies' : formatMinor(expectedLossMinor)}</b>
              </Line>
            </>
          )}
        </Ready>
      </dl>
    </section>
  )
}

function Outcomes({ rates: { decisions, rates, weeks }, through }: Pick<Drift, 'rates' | 'through'>) {
  const of = (outcome: string) => rates.find(({ name }) => name === `outcome:${outcome}`)
  return (
    <dl class="inside">
      <Line name="decisions">
        <b>{formatCount(decisions)}</b>
        {through !== null && (
          <span class="muted small">
            of the stream, to <Time at={through} />
          </span>
        )}
      </Line>
      {outcomes
        .flatMap((outcome) => of(outcome) ?? [])
        .map(({ name, count, share, pastShare, isChanged }) => (
          <Line key={name} name={name.replace(/^outcome:/, '')} tone={name.replace(/^outcome:/, '')}>
            <b>{formatShare(share?.value)}</b>
            <span class="muted small">
              {formatCount(count)}
              {weeks > 0 && pastShare !== null && `, before ${formatShare(pastShare.value)}`}
              {isChanged && <span class="badge review">changed</span>}
            </span>
          </Line>
        ))}
    </dl>
  )
}

/** Of the newest week, of all models; labels are still to come, which is said. */
function Money({ weeks }: { readonly weeks: readonly Week[] }) {
  const [newest] = weeks
  if (newest === undefined) return <p class="inside muted">No decisions yet.</p>
  const monies = weeks.flatMap(({ week, money }) => (week === newest.week ? [money] : []))
  if (monies.includes(null))
    return <p class="inside muted">There are no amounts, or they are of several currencies, which are not added up.</p>
  const sum = (name: keyof NonNullable<Week['money']>) =>
    monies.reduce((total, money) => total + (money?.[name] ?? 0), 0)
  return (
    <dl class="inside">
      <Line name="fraud stopped" tone="approve">
        <b>{formatMinor(sum('stoppedMinor'))}</b>
      </Line>
      <Line name="fraud lost" tone="decline">
        <b>{formatMinor(sum('lostMinor'))}</b>
      </Line>
      <Line name="not approved">
        <b>{formatMinor(sum('heldMinor'))}</b>
      </Line>
      <Line name="week from">
        <DayOf at={newest.week} />
        <span class="muted small">
          as labels say until now{!newest.isMature && '; more are to come until '}
          {!newest.isMature && <DayOf at={newest.maturesAt} />}
        </span>
      </Line>
    </dl>
  )
}
