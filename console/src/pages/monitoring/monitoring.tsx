import { Page } from '../../ui/page.tsx'
import { PartLinks, partInForce } from '../../ui/parts.tsx'
import { Alerts } from './alerts.tsx'
import { DriftPart } from './drift.tsx'
import { Performance } from './performance.tsx'

const parts = [
  { name: 'performance', title: 'Performance', Part: Performance },
  { name: 'drift', title: 'Drift and data quality', Part: DriftPart },
  { name: 'alerts', title: 'Alerts', Part: Alerts },
] as const

/** What decisions were worth, whether anything has moved, and what somebody was told of it. */
export default function Monitoring() {
  const { Part } = partInForce(parts)
  return (
    <Page
      title="Monitoring"
      intro="Intervals come from how many rows there are, so a quiet hour is not an alarm."
      actions={<PartLinks label="Parts of monitoring" parts={parts} />}
    >
      <Part />
    </Page>
  )
}
