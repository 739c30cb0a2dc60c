import { ask, client } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import { DecisionTable } from '../../ui/decision-table.tsx'
import { Page } from '../../ui/page.tsx'
import { Ready } from '../../ui/states.tsx'

export default function Now() {
  const decisions = useQuery(
    'now',
    (signal) => ask(client.GET('/v1/decisions', { params: { query: { limit: 200 } }, signal })),
    {
      everyMs: 2000,
    },
  )
  return (
    <Page title="Now" intro="Decisions as they come." fills>
      <Ready of={decisions}>{(page) => <DecisionTable label="Decisions" decisions={page.decisions} />}</Ready>
    </Page>
  )
}
