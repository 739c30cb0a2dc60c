import { useEffect, useState } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo } from '../../api/who.ts'
import { useKeys } from '../../shell/keys.ts'
import { at, go } from '../../shell/place.ts'
import { tellChange } from '../../ui/changed.ts'
import { formatCount } from '../../ui/figures.ts'
import { OutcomeBadge } from '../../ui/outcome.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { type Rule, type RuleState, ruleStates } from './draft.ts'
import { aloneOf, firedOf } from './rule-counts.ts'
import { precisionOf } from './standing.tsx'
import '../../policy/policy.css'
import './rules.css'

type Figures = paths['/v1/rules/{id}/figures']['get']['responses']['200']['content']['application/json']

interface Row {
  readonly rule: Rule
  readonly isFused: boolean
  readonly isBroken: boolean
  readonly figures: Figures | undefined
  readonly version: number
}

const currentOf = ({ figures }: Row) => figures?.figures.find(({ isCurrent }) => isCurrent)

const columns: readonly Column<Row>[] = [
  {
    name: 'id',
    title: 'Rule',
    value: ({ rule }) => rule.id,
    cell: ({ rule }) => <a href={at(['rules', rule.id])}>{rule.id}</a>,
  },
  {
    name: 'state',
    title: 'State',
    width: '110px',
    value: ({ rule }) => rule.state ?? 'live',
    cell: (row) => <StateOf row={row} />,
  },
  {
    name: 'then',
    title: 'Outcome',
    width: '108px',
    shownFrom: 'medium',
    value: ({ rule }) => rule.then,
    cell: ({ rule }) => <OutcomeBadge outcome={rule.then} />,
  },
  {
    name: 'when',
    title: 'When',
    shownFrom: 'medium',
    value: ({ rule }) => rule.when,
    cell: ({ rule }) => <code title={rule.when}>{rule.when}</code>,
  },
  {
    name: 'fired',
    title: 'Fired',
    width: '70px',
    isFigure: true,
    value: (row) => counted(row, firedOf),
    cell: (row) => count(counted(row, firedOf)),
  },
  {
    name: 'alone',
    title: 'Alone',
    width: '76px',
    isFigure: true,
    shownFrom: 'wide',
    value: (row) => counted(row, aloneOf),
    cell: (row) => count(counted(row, aloneOf)),
  },
  {
    name: 'frauds',
    title: 'Fraud',
    width: '66px',
    isFigure: true,
    value: (row) => currentOf(row)?.frauds,
    cell: (row) => count(currentOf(row)?.frauds),
  },
  {
    name: 'precision',
    title: 'Precision',
    width: '150px',
    isFigure: true,
    shownFrom: 'wide',
    value: (row) => currentOf(row)?.precision,
    cell: (row) => {
      const current = currentOf(row)
      return current === undefined ? <span class="muted">–</span> : precisionOf(current)
    },
  },
  {
    name: 'unknown',
    title: 'Unknown',
    width: '84px',
    isFigure: true,
    shownFrom: 'wide',
    value: ({ figures }) => figures?.unknown.count,
    cell: ({ figures }) => count(figures?.unknown.count),
  },
]

function counted(row: Row, countOf: typeof firedOf): number | undefined {
  const current = currentOf(row)
  return current && countOf(current)
}

function count(value: number | undefined) {
  return value === undefined ? <span class="muted">–</span> : formatCount(value)
}

function StateOf({ row: { rule, isFused, isBroken, version } }: { readonly row: Row }) {
  const state: RuleState = rule.state ?? 'live'
  const change = useAction(
    (next: RuleState) =>
      ask(
        client.PUT('/v1/rules/{id}/state', {
          params: { path: { id: rule.id }, header: { 'If-Match': String(version) } },
          body: { state: next },
        }),
      ),
    { said: (answer) => tellChange(answer, `${rule.id} is changed`) },
  )
  if (isBroken) return <span class="badge decline">broken</span>
  if (isFused) return <span class="badge review">fused</span>
  if (!mayDo('author')) return <span class={`badge ${state === 'live' ? 'accent' : ''}`}>{state}</span>
  return (
    <select
      class={`input choice state-${state}`}
      aria-label={`State of ${rule.id}`}
      value={state}
      disabled={change.isRunning}
      onChange={({ currentTarget }) => {
        const next = ruleStates.find((each) => each === currentTarget.value)
        if (next !== undefined) void change.run(next)
      }}
    >
      {ruleStates.map((each) => (
        <option key={each}>{each}</option>
      ))}
    </select>
  )
}

const mostFigures = 200
const together = 6

/** What each rule did, asked for a few at a time. */
function useFigures(ids: readonly string[], version: number | undefined): ReadonlyMap<string, Figures> {
  const [figures, setFigures] = useState<ReadonlyMap<string, Figures>>(new Map())
  const wanted = ids.slice(0, mostFigures).join('\n')
  useEffect(() => {
    const abort = new AbortController()
    const waiting = wanted === '' ? [] : wanted.split('\n')
    const work = async () => {
      for (let id = waiting.shift(); id !== undefined && !abort.signal.aborted; id = waiting.shift()) {
        const name = id
        const known = await ask(
          client.GET('/v1/rules/{id}/figures', { params: { path: { id: name } }, signal: abort.signal }),
        )
        setFigures((before) => new Map(before).set(name, known))
      }
    }
    // A rule whose figures can't be had shows none.
    for (let i = 0; i < together; i++) work().catch(() => undefined)
    return () => abort.abort()
  }, [wanted, version])
  return figures
}

/** The rules, with what each is worth. */
export default function Rules() {
  const rules = useQuery('rules', (signal) => ask(client.GET('/v1/rules', { signal })), { everyMs: 15_000 })
  useEvents(['policy'], rules.refresh)
  const figures = useFigures(rules.data?.rules.map(({ id }) => id) ?? [], rules.data?.version)
  const add = () => go(at(['rules', 'new']))
  useKeys(mayDo('author') ? [{ keys: 'n', does: 'Write a new rule', run: add }] : [])
  return (
    <Page
      title="Rules"
      fills
      actions={
        mayDo('author') && (
          <a class="button primary" href={at(['rules', 'new'])}>
            New rule <kbd>n</kbd>
          </a>
        )
      }
    >
      <Ready of={rules} lines={8}>
        {({ rules: all, fused, broken, version }) => (
          <Table
            label="Rules"
            columns={columns}
            rows={all.map(
              (rule): Row => ({
                rule,
                version,
                isFused: fused.includes(rule.id),
                isBroken: Object.hasOwn(broken, rule.id),
                figures: figures.get(rule.id),
              }),
            )}
            rowId={({ rule }) => rule.id}
            onOpen={({ rule }) => go(at(['rules', rule.id]))}
            tools={
              <span class="muted small">
                {formatCount(all.length)} {all.length === 1 ? 'rule' : 'rules'},{' '}
                {all.filter(({ state }) => (state ?? 'live') === 'live').length} live · policy version {version}
              </span>
            }
            empty={
              <Empty title="No rules yet">
                <p>A rule says what the model can't know. Begin in shadow: it is run and counted, without effect.</p>
                {mayDo('author') && (
                  <a class="button" href={at(['rules', 'new'])}>
                    Write the first one
                  </a>
                )}
              </Empty>
            }
          />
        )}
      </Ready>
    </Page>
  )
}
