import { useState } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client, type Schemas } from '../../api/client.ts'
import { detector } from '../../api/detector.ts'
import { mayDo } from '../../api/who.ts'
import { at } from '../../shell/place.ts'
import { DecisionTable } from '../../ui/decision-table.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { takeFocus } from '../../ui/take-focus.ts'

type Found = Schemas['SearchPage']
const byId = 'id'

/** Finds decisions by an id, or by the value of a key. Values stay out of the address: it may be kept where they must not be. */
export default function Search() {
  const [by, setBy] = useState(byId)
  const [found, setFound] = useState<Found>()
  const search = useAction(
    ({ value, outcome }: { readonly value: string; readonly outcome: string }) =>
      ask(
        client.POST('/v1/search', {
          // The keys are this detector's; the document that the types are made of has another's.
          body:
            by === byId
              ? { text: value }
              : { key: by as 'card', value, limit: 200, ...(outcome === '' ? {} : { outcome: outcome as 'review' }) },
        }),
      ),
    { then: setFound },
  )
  return (
    <Page title="Search" fills>
      <form
        class="row wrap"
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          void search.run({ value: String(form.get('value') ?? '').trim(), outcome: String(form.get('outcome') ?? '') })
        }}
      >
        <select
          class="input narrow"
          aria-label="By"
          value={by}
          onChange={({ currentTarget }) => setBy(currentTarget.value)}
        >
          <option value={byId}>transaction id</option>
          {Object.keys(detector.value?.keys ?? {}).map((key) => (
            <option key={key}>{key}</option>
          ))}
        </select>
        <input
          class="input middle"
          name="value"
          aria-label="Value"
          required
          ref={takeFocus}
          autocomplete="off"
          spellcheck={false}
        />
        {by !== byId && (
          <select class="input narrow" name="outcome" aria-label="Outcome">
            <option value="">any outcome</option>
            {['approve', 'challenge', 'review', 'decline'].map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
        <button type="submit" class="button primary" disabled={search.isRunning || !mayDo('analyst')}>
          Search
        </button>
      </form>
      {found === undefined ? (
        <Empty title={mayDo('analyst') ? 'By an id, a card, a customer, …' : 'Analysts search'}>
          {mayDo('analyst')
            ? 'Card numbers and personal values are hashed on the way in.'
            : 'Ask an administrator for the role.'}
        </Empty>
      ) : (
        <DecisionTable
          label="Found decisions"
          decisions={found.decisions}
          tools={
            <>
              <span class="muted small">
                {found.decisions.length} found{found.cursor !== null && ', and more'}
              </span>
              {found.key !== null && found.token !== null && (
                <a class="text" href={at(['keys', found.key, found.token])}>
                  All of this {found.key}
                </a>
              )}
              {found.degraded.length > 0 && <span class="badge review">{found.degraded.join(', ')}</span>}
            </>
          }
        />
      )}
    </Page>
  )
}
