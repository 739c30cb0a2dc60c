import { ask, client } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import { mayDo } from '../../api/who.ts'
import { Facts } from '../../evidence/facts.tsx'
import { Network } from '../../evidence/network.tsx'
import { Places } from '../../evidence/places.tsx'
import { Timeline } from '../../evidence/timeline.tsx'
import { Why } from '../../evidence/why.tsx'
import { at } from '../../shell/place.ts'
import { OutcomeBadge, Score } from '../../ui/outcome.tsx'
import { Page } from '../../ui/page.tsx'
import type { PageProps } from '../../ui/page-props.ts'
import { Ready } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import '../../evidence/columns.css'

/** One decision with everything that is known of it. */
export default function DecisionPage({ params: { id = '' } }: PageProps) {
  const detail = useQuery(`decision ${id}`, (signal) =>
    ask(client.GET('/v1/decisions/{id}', { params: { path: { id } }, signal })),
  )
  return (
    <Page title={id} above={[['Now', at([])]]}>
      <Ready of={detail} lines={10}>
        {({ outcome, score, decidedAt, model, policy, transaction, labels, degraded }) => (
          <div class="evidence-columns">
            <div class="stack wide">
              <Why transactionId={id} transaction={transaction} />
              <Timeline transaction={transaction} transactionId={id} marked={new Set([id])} />
              <Network transaction={transaction} />
              {mayDo('analyst') && <Places transaction={transaction} transactionId={id} />}
            </div>
            <div class="stack wide">
              <section class="panel">
                <header>
                  <h2>Decision</h2>
                  <OutcomeBadge outcome={outcome} />
                </header>
                <div class="inside">
                  <dl class="facts">
                    <dt>score</dt>
                    <dd class="row">
                      <Score score={score} />
                    </dd>
                    <dt>decided</dt>
                    <dd>
                      <Time at={decidedAt} shows="both" />
                    </dd>
                    <dt>model</dt>
                    <dd>{model ?? <span class="muted">none</span>}</dd>
                    <dt>policy</dt>
                    <dd>version {policy}</dd>
                    {degraded.length > 0 && (
                      <>
                        <dt>degraded</dt>
                        <dd>{degraded.join(', ')}</dd>
                      </>
                    )}
                    <dt>labels</dt>
                    <dd>
                      {labels.length === 0 && <span class="muted">none yet</span>}
                      {labels.map(({ isFraud, knownAt, source, by, counts }) => (
                        <div key={knownAt + source} class={counts ? '' : 'muted'}>
                          {isFraud ? 'fraud' : 'legitimate'} by {source ?? by ?? 'unknown'}, <Time at={knownAt} />
                        </div>
                      ))}
                    </dd>
                  </dl>
                </div>
              </section>
              <section class="panel">
                <header>
                  <h2>Transaction</h2>
                </header>
                <div class="inside">
                  <Facts transaction={transaction} />
                </div>
              </section>
            </div>
          </div>
        )}
      </Ready>
    </Page>
  )
}
