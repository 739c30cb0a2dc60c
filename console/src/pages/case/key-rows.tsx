import { useState } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { detector, type Transaction } from '../../api/detector.ts'
import { useQuery } from '../../api/query.ts'
import { mayDo } from '../../api/who.ts'
import { at } from '../../shell/place.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { formatMinor } from '../../ui/figures.ts'
import { Ready } from '../../ui/states.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import { type CaseDetail, titleOf } from '../queue/cases.ts'

interface KeyRowsProps {
  readonly one: CaseDetail
  /** The payment that is looked at. */
  readonly transaction: Transaction | undefined
}

/** The card, the customer and so on of a case: their other cases, and lists that they can be put on. */
export function KeyRows({ one, transaction }: KeyRowsProps) {
  const [isAll, setAll] = useState(false)
  const own = new Set(
    Object.entries(detector.value?.keys ?? {}).map(([key, field]) => `${key}=${String(transaction?.[field] ?? '')}`),
  )
  // First what the payment itself names, then what has other cases.
  const shown = one.similar.filter(({ key, value, cases }) => isAll || own.has(`${key}=${value}`) || cases > 0)
  const [listing, setListing] = useState<{ readonly of: string; readonly value: string }>()
  return (
    <section class="panel">
      <header>
        <h2>Keys and other cases</h2>
      </header>
      <div class="inside">
        {shown.map(({ key, value, cases, active }) => (
          <div class="key-row" key={key + value}>
            <span class="muted">{key}</span>
            <span>
              {value}
              {cases > 0 && ' · '}
              {cases > 0 && (
                <a class="text" href={at(['queue'], { state: 'all', key: `${key}=${value}` })}>
                  {cases} {cases === 1 ? 'other case' : 'other cases'}
                  {active > 0 && `, ${active} open`}
                </a>
              )}
            </span>
            {mayDo('author') && (
              <button type="button" class="button quiet small" onClick={() => setListing({ of: key, value })}>
                To a list
              </button>
            )}
          </div>
        ))}
        {(isAll || shown.length < one.similar.length) && (
          <button type="button" class="button quiet small" onClick={() => setAll(!isAll)}>
            {isAll ? 'Only those of this payment' : `All ${one.similar.length}`}
          </button>
        )}
        {one.linked.length > 0 && (
          <>
            <h3>Linked</h3>
            {one.linked.map((linked) => (
              <div class="key-row" key={linked.id}>
                <span class="muted">{linked.state}</span>
                <a class="text clip" href={at(['cases', linked.id])}>
                  {titleOf(linked)}
                </a>
                <span>{formatMinor(linked.expectedLossMinor)}</span>
              </div>
            ))}
          </>
        )}
      </div>
      {listing !== undefined && <ToList {...listing} caseId={one.id} onClose={() => setListing(undefined)} />}
    </section>
  )
}

interface ToListProps {
  readonly of: string
  readonly value: string
  readonly caseId: string
  readonly onClose: () => void
}

/** Puts a value on one of the lists of its key. */
function ToList({ of, value, caseId, onClose }: ToListProps) {
  const lists = useQuery('lists', (signal) => ask(client.GET('/v1/lists', { signal })))
  const add = useAction(
    ({ list, days, note }: { readonly list: string; readonly days: string; readonly note: string }) => {
      const expiresAt = days === '' ? {} : { expiresAt: new Date(Date.now() + Number(days) * 86_400_000).toISOString() }
      const entry = { value, source: `case:${caseId}`, ...expiresAt, ...(note === '' ? {} : { note }) }
      return ask(
        client.POST('/v1/lists/{name}/entries', {
          params: { path: { name: list } },
          body: { add: [entry], why: `case ${caseId}` },
        }),
      )
    },
    { said: `${of} ${value} is on the list`, then: onClose },
  )
  return (
    <Dialog title={`${of} ${value} to a list`} onClose={onClose}>
      <Ready of={lists} lines={3}>
        {({ lists: all }) => {
          const fitting = all.filter((list) => list.of === of)
          if (fitting.length === 0) {
            return (
              <p class="inside muted">
                There are no lists of {of}. <a href={at(['lists'])}>Make one</a>
              </p>
            )
          }
          return (
            <form
              onSubmit={(event) => {
                event.preventDefault()
                const form = new FormData(event.currentTarget)
                const text = (name: string) => String(form.get(name) ?? '').trim()
                void add.run({ list: text('list'), days: text('days'), note: text('note') })
              }}
            >
              <div class="field">
                <label for="to-list">List</label>
                <select id="to-list" name="list" class="input" ref={takeFocus}>
                  {fitting.map(({ name, effect }) => (
                    <option key={name} value={name}>
                      {name} ({effect})
                    </option>
                  ))}
                </select>
              </div>
              <div class="field">
                <label for="to-days">For</label>
                <select id="to-days" name="days" class="input">
                  <option value="30">30 days</option>
                  <option value="90">90 days</option>
                  <option value="7">7 days</option>
                  <option value="">ever</option>
                </select>
              </div>
              <div class="field">
                <label for="to-note">Note</label>
                <input id="to-note" name="note" class="input" maxLength={200} />
              </div>
              <div class="actions">
                <button type="button" class="button" onClick={onClose}>
                  Cancel
                </button>
                <button type="submit" class="button primary" disabled={add.isRunning}>
                  Add
                </button>
              </div>
            </form>
          )
        }}
      </Ready>
    </Dialog>
  )
}
