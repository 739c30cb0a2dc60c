import { ask, client } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { PolicyVersions } from '../../policy/versions.tsx'
import { formatCount, formatShare } from '../../ui/figures.ts'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'

type FiguresAnswer = paths['/v1/rules/{id}/figures']['get']['responses']['200']['content']['application/json']
type VersionFigures = FiguresAnswer['figures'][number]
export function precisionOf({ precision, precisionInterval: interval }: VersionFigures): string {
  if (precision === null) return '–'
  return interval === undefined || interval === null
    ? formatShare(precision)
    : `${formatShare(precision)} (${formatShare(interval.lower)} to ${formatShare(interval.upper)})`
}

const columns: readonly Column<VersionFigures>[] = [
  {
    name: 'version',
    title: 'Version',
    width: '100px',
    value: ({ version }) => version,
    cell: ({ version, isCurrent }) => (isCurrent ? <b>{version}</b> : version),
  },
  {
    name: 'since',
    title: 'Since',
    width: '170px',
    value: ({ since }) => since,
    cell: ({ since }) => <Time at={since} />,
  },
  { name: 'outcome', title: 'Outcome', width: '100px', shownFrom: 'medium', value: ({ outcome }) => outcome },
  {
    name: 'fired',
    title: 'Fired',
    width: '80px',
    isFigure: true,
    value: ({ fired }) => fired,
    cell: ({ fired }) => formatCount(fired),
  },
  {
    name: 'shadow',
    title: 'In shadow',
    width: '90px',
    isFigure: true,
    value: ({ shadow }) => shadow,
    cell: ({ shadow }) => formatCount(shadow),
  },
  {
    name: 'frauds',
    title: 'Fraud',
    width: '80px',
    isFigure: true,
    value: ({ frauds }) => frauds,
    cell: ({ frauds }) => formatCount(frauds),
  },
  {
    name: 'legitimate',
    title: 'Legitimate',
    width: '96px',
    isFigure: true,
    shownFrom: 'medium',
    value: ({ legitimate }) => legitimate,
  },
  { name: 'precision', title: 'Precision', isFigure: true, value: ({ precision }) => precision, cell: precisionOf },
]

/** What a rule did in each of its versions, and who made them. */
export function RuleStanding({ id, onChanged }: { readonly id: string; readonly onChanged: () => void }) {
  const figures = useQuery(
    `rule figures ${id}`,
    (signal) => ask(client.GET('/v1/rules/{id}/figures', { params: { path: { id } }, signal })),
    {
      everyMs: 10_000,
    },
  )
  return (
    <>
      <Ready of={figures} lines={3}>
        {(known) => (
          <Table
            label="What it did"
            className="short"
            columns={columns}
            rows={known.figures}
            rowId={({ version }) => String(version)}
            exportName={`${id}-figures`}
            tools={
              <>
                <h2>What it did</h2>
                {known.unknown.count > 0 && (
                  <span class="muted small">
                    unknown for {formatCount(known.unknown.count)} of {formatCount(known.unknown.decisions)}, where a
                    value was missing
                  </span>
                )}
              </>
            }
            empty={<Empty title="It has not been run yet" />}
          />
        )}
      </Ready>
      <PolicyVersions
        title="Changes"
        exportName={`${id}-changes`}
        isMeant={(line) => line.startsWith(`rule ${id}:`)}
        empty="It has not changed since the oldest version that is kept"
        onChanged={onChanged}
      />
    </>
  )
}
