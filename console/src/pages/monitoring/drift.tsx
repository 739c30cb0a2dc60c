import { ask, client } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { formatCount, formatShare } from '../../ui/figures.ts'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'

type Drift = paths['/v1/monitoring/drift']['get']['responses']['200']['content']['application/json']
type Feature = Drift['features'][number]
type Rates = paths['/v1/monitoring/rules']['get']['responses']['200']['content']['application/json']
type Rate = Rates['rates'][number]

const figure = (value: number | null | undefined) =>
  value === null || value === undefined ? '–' : String(Number(value.toPrecision(3)))
const nameOf = ({ feature }: Feature) => feature ?? 'score'

const featureColumns: readonly Column<Feature>[] = [
  { name: 'feature', title: 'Feature', value: nameOf, cell: (each) => <code>{nameOf(each)}</code> },
  {
    name: 'drift',
    title: 'Drift',
    width: '90px',
    value: ({ isDrift }) => (isDrift ? 'drift' : ''),
    cell: ({ isDrift }) => (isDrift ? <span class="badge decline">drift</span> : <span class="muted">no</span>),
  },
  { name: 'against', title: 'Against', width: '90px', shownFrom: 'medium', value: ({ against }) => against },
  {
    name: 'psi',
    title: 'PSI',
    width: '80px',
    isFigure: true,
    value: ({ psi }) => psi.value,
    cell: ({ psi }) => figure(psi.value),
  },
  {
    name: 'interval',
    title: 'Between',
    width: '130px',
    isFigure: true,
    shownFrom: 'medium',
    value: ({ psi }) => psi.lower,
    cell: ({ psi }) => `${figure(psi.lower)} to ${figure(psi.upper)}`,
  },
  {
    name: 'mean',
    title: 'Mean',
    width: '150px',
    isFigure: true,
    shownFrom: 'medium',
    value: ({ mean }) => mean.to,
    cell: ({ mean }) => `${figure(mean.from)} → ${figure(mean.to)}`,
  },
  {
    name: 'missing',
    title: 'Missing',
    width: '150px',
    isFigure: true,
    shownFrom: 'wide',
    value: ({ missing }) => missing.to,
    cell: ({ missing }) => `${formatShare(missing.from)} → ${formatShare(missing.to)}`,
  },
  {
    name: 'rows',
    title: 'Rows',
    width: '90px',
    isFigure: true,
    shownFrom: 'wide',
    value: ({ rows }) => rows.current,
    cell: ({ rows }) => formatCount(rows.current),
  },
]

const rateColumns: readonly Column<Rate>[] = [
  { name: 'name', title: 'Of', value: ({ name }) => name },
  {
    name: 'changed',
    title: 'Changed',
    width: '100px',
    value: ({ isChanged }) => (isChanged ? 'changed' : ''),
    cell: ({ isChanged }) => (isChanged ? <span class="badge review">changed</span> : <span class="muted">no</span>),
  },
  {
    name: 'count',
    title: 'Now',
    width: '90px',
    isFigure: true,
    value: ({ count }) => count,
    cell: ({ count }) => formatCount(count),
  },
  {
    name: 'share',
    title: 'Share',
    width: '170px',
    isFigure: true,
    value: ({ share }) => share?.value,
    cell: ({ share }) => shareOf(share),
  },
  {
    name: 'past',
    title: 'Before',
    width: '170px',
    isFigure: true,
    shownFrom: 'medium',
    value: ({ pastShare }) => pastShare?.value,
    cell: ({ pastShare }) => shareOf(pastShare),
  },
]

function shareOf(share: Rate['share']): string {
  return share === null
    ? '–'
    : `${formatShare(share.value)} (${formatShare(share.lower)} to ${formatShare(share.upper)})`
}

/** Whether what is decided still looks like what the model was trained on, and like the weeks before. */
export function DriftPart() {
  const drift = useQuery('drift', (signal) => ask(client.GET('/v1/monitoring/drift', { signal })), { everyMs: 60_000 })
  const rules = useQuery('rule rates', (signal) => ask(client.GET('/v1/monitoring/rules', { signal })), {
    everyMs: 60_000,
  })
  return (
    <>
      <Ready of={drift} lines={8}>
        {(known) => (
          <>
            <Notes drift={known} />
            <Table
              label="Drift"
              className="tall"
              columns={featureColumns}
              rows={known.features.toSorted(
                (a, b) => Number(b.isDrift) - Number(a.isDrift) || b.psi.value - a.psi.value,
              )}
              rowId={(each) => `${nameOf(each)} ${each.against}`}
              toneOf={({ isDrift }) => (isDrift ? 'fresh' : undefined)}
              tools={
                <>
                  <h2>Features</h2>
                  <span class="muted small">
                    {known.features.filter(({ isDrift }) => isDrift).length} drift
                    {known.through !== null && (
                      <>
                        {' '}
                        · through <Time at={known.through} />
                      </>
                    )}
                  </span>
                </>
              }
              empty={<Empty title="Nothing to compare yet">{Object.values(known.notCompared).join(' ')}</Empty>}
            />
            <Table
              label="Outcomes and degradations"
              className="short"
              columns={rateColumns}
              rows={known.rates.rates}
              rowId={({ name }) => name}
              tools={<h2>Rates</h2>}
              empty={<Empty title="No decisions yet" />}
            />
          </>
        )}
      </Ready>
      <Ready of={rules} lines={3}>
        {({ rates }) => (
          <Table
            label="Rules"
            className="short"
            columns={rateColumns}
            rows={rates}
            rowId={({ name }) => name}
            tools={<h2>Rules</h2>}
            empty={<Empty title="No rule has spoken" />}
          />
        )}
      </Ready>
    </>
  )
}

function Notes({ drift: { notCompared, unmonitored, sampledOneIn, labels } }: { readonly drift: Drift }) {
  const said = Object.values(notCompared).filter((text) => text !== undefined)
  const delays = labels.filter(({ labels: count }) => count > 0)
  return (
    <>
      {said.map((text) => (
        <p key={text} class="banner">
          {text}
        </p>
      ))}
      {(unmonitored.length > 0 || sampledOneIn > 1 || delays.length > 0) && (
        <p class="muted small">
          {sampledOneIn > 1 && `One in ${sampledOneIn} decisions is counted. `}
          {unmonitored.length > 0 && `Not monitored: ${unmonitored.join(', ')}. `}
          {delays.map(
            ({ isFraud, labels: count, medianHours }) =>
              `${formatCount(count)} labels of ${isFraud ? 'fraud' : 'legitimate ones'} came, half of them within ${figure(medianHours)} hours. `,
          )}
        </p>
      )}
    </>
  )
}
