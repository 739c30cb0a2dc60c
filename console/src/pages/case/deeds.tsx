import { shortName } from '../../api/who.ts'
import { Time } from '../../ui/time.tsx'
import type { CaseDetail } from '../queue/cases.ts'

type Deed = CaseDetail['history'][number]

/** Who did what to the case, the newest first. */
export function Deeds({ one }: { readonly one: CaseDetail }) {
  return (
    <section class="panel">
      <header>
        <h2>History</h2>
      </header>
      <ol class="inside deeds">
        {one.history.toReversed().map((deed) => (
          <li key={deed.sequence}>
            <span>
              <b>{shortName(deed.by)}</b> {tell(deed)}
            </span>
            {deed.note !== undefined && (
              <span class="note">
                {deed.note === null ? <span class="muted">A note that was erased</span> : `“${deed.note}”`}
              </span>
            )}
            <span class="muted small">
              <Time at={deed.at} />
            </span>
          </li>
        ))}
        <li>
          <span>
            {
              { review: 'A decision came out as review', hand: 'Opened by hand', sample: 'Drawn for the blind sample' }[
                one.origin ?? 'review'
              ]
            }
          </span>
          <span class="muted small">
            <Time at={one.openedAt} />
          </span>
        </li>
      </ol>
    </section>
  )
}

function tell({ action, verdict, code, to, other, until }: Deed) {
  const words: Readonly<Partial<Record<Deed['action'], string>>> = {
    verdict: `said ${verdict}${code === undefined ? '' : ` (${code})`}`,
    note: 'wrote',
    claim: 'claimed it',
    release: 'gave it back',
    assign: to === null || to === undefined ? 'assigned it to nobody' : `assigned it to ${shortName(to)}`,
    escalate: `escalated it${to === null || to === undefined ? '' : ` to ${shortName(to)}`}`,
    link: `linked it with ${other}`,
    merge: `merged it with ${other}`,
  }
  if (action === 'snooze' && until !== undefined) {
    return (
      <>
        put it off until <Time at={until} />
      </>
    )
  }
  return words[action] ?? action
}
