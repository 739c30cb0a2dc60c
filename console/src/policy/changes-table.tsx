import './policy.css'

/** What differs in a field; empty where it had, or has, nothing. */
export interface FieldChange {
  readonly field: string
  readonly before: string
  readonly after: string
}

/** What is about to change, field by field. */
export function ChangesTable({ changes }: { readonly changes: readonly FieldChange[] }) {
  return (
    <table class="diff">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">{changes.some(({ before }) => before !== '') ? 'Was' : ''}</th>
          <th scope="col">Becomes</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ field, before, after }) => (
          <tr key={field}>
            <th scope="row">{field}</th>
            <td>{before === '' ? <span class="muted">–</span> : <del>{before}</del>}</td>
            <td>{after === '' ? <span class="muted">–</span> : <ins>{after}</ins>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
