import { mayDo } from '../../api/who.ts'
import { Page } from '../../ui/page.tsx'
import { PartLinks, partInForce } from '../../ui/parts.tsx'
import { Changes } from './changes.tsx'
import { Entries } from './entries.tsx'

const changes = { name: 'changes', title: 'Changes', Part: Changes } as const
const entries = { name: 'log', title: 'Who did what', Part: Entries } as const

/** What was changed, and, for administrators, everything that somebody did. */
export default function Audit() {
  const parts = mayDo('admin') ? [changes, entries] : [changes]
  const { Part } = partInForce(parts)
  return (
    <Page
      title="Audit"
      intro="Every change is a record in the log: who, when, why. Nothing here can be edited."
      fills={Part === Entries}
      actions={parts.length > 1 && <PartLinks label="Parts of the audit" parts={parts} />}
    >
      <Part />
    </Page>
  )
}
