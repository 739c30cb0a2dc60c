import { signal } from '@preact/signals'
import { who } from '../../api/who.ts'
import { at, go, place, setQuery } from '../../shell/place.ts'

const names = ['state', 'sort', 'assignee', 'claimedBy', 'overdue', 'escalated', 'key'] as const
const savedName = 'shrike-queue-filters'

/** The filters that an address has. */
export function filtersOf(query: URLSearchParams): Readonly<Partial<Record<(typeof names)[number], string>>> {
  return Object.fromEntries(names.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? '']] : [])))
}

interface Saved {
  readonly name: string
  readonly search: string
}

const saved = signal<readonly Saved[]>(readSaved())

function readSaved(): readonly Saved[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(savedName) ?? '[]')
    return Array.isArray(kept)
      ? kept.filter((each) => typeof each?.name === 'string' && typeof each?.search === 'string')
      : []
  } catch {
    return []
  }
}

function save(all: readonly Saved[]): void {
  saved.value = all
  localStorage.setItem(savedName, JSON.stringify(all))
}

/** What the queue shows: each filter is in the address, and a choice of them can be kept under a name. */
export function Filters() {
  const { query } = place.value
  const state = query.get('state') ?? 'active'
  const flags = [
    ['overdue', 'Overdue'],
    ['escalated', 'Escalated'],
  ] as const
  const mine = who.value?.principal
  return (
    <>
      <Choice
        label="State"
        value={state}
        options={{
          active: 'Active',
          open: 'Open',
          claimed: 'Claimed',
          snoozed: 'Snoozed',
          closed: 'Closed',
          all: 'All',
        }}
        onChange={(value) => setQuery({ state: value === 'active' ? undefined : value, sort: undefined })}
      />
      <Choice
        label="Order"
        value={query.get('sort') ?? (state === 'closed' || state === 'all' ? 'newest' : 'loss')}
        options={
          state === 'closed' || state === 'all'
            ? { newest: 'Newest first', oldest: 'Oldest first' }
            : { loss: 'Most at stake first', oldest: 'Oldest first', newest: 'Newest first' }
        }
        onChange={(value) => setQuery({ sort: value })}
      />
      {mine !== undefined && (
        <Toggle
          name="With me"
          isOn={query.get('claimedBy') === mine}
          onToggle={(isOn) => setQuery({ claimedBy: isOn ? mine : undefined })}
        />
      )}
      {flags.map(([name, title]) => (
        <Toggle
          key={name}
          name={title}
          isOn={query.get(name) === 'true'}
          onToggle={(isOn) => setQuery({ [name]: isOn ? 'true' : undefined })}
        />
      ))}
      <Kept />
    </>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly options: Readonly<Record<string, string>>
  readonly onChange: (value: string) => void
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <select
      class="input choice"
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      {Object.entries(options).map(([each, title]) => (
        <option key={each} value={each}>
          {title}
        </option>
      ))}
    </select>
  )
}

interface ToggleProps {
  readonly name: string
  readonly isOn: boolean
  readonly onToggle: (isOn: boolean) => void
}

function Toggle({ name, isOn, onToggle }: ToggleProps) {
  return (
    <button type="button" class="button small toggle" aria-pressed={isOn} onClick={() => onToggle(!isOn)}>
      {name}
    </button>
  )
}

/** Filters kept under a name, in this browser. */
function Kept() {
  const { search } = location
  const isKept = saved.value.some((each) => each.search === search)
  const keep = () => {
    const name = window.prompt('Keep these filters as')
    if (name !== null && name.trim() !== '')
      save([...saved.value.filter((each) => each.name !== name), { name, search }])
  }
  return (
    <>
      {saved.value.map((each) => (
        <span key={each.name} class="row">
          <button
            type="button"
            class="button small toggle"
            aria-pressed={each.search === search}
            onClick={() => go(`${at(['queue'])}${each.search}`)}
          >
            {each.name}
          </button>
          {each.search === search && (
            <button
              type="button"
              class="button quiet small"
              aria-label={`Forget ${each.name}`}
              onClick={() => save(saved.value.filter(({ name }) => name !== each.name))}
            >
              ✕
            </button>
          )}
        </span>
      ))}
      {search !== '' && !isKept && (
        <button type="button" class="button quiet small" onClick={keep}>
          Keep filters
        </button>
      )}
    </>
  )
}
