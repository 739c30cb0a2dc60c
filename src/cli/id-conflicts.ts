const mostShown = 5

/** A row whose id belongs to a transaction with different content. */
export interface IdConflict {
  /** Missing where the id is not to be shown. */
  readonly id?: string
  /** Where the row is, such as `line 5`. */
  readonly at: string
  /** Where the transaction is that it would replace: a place in the file, or a record of the log. */
  readonly with: string
  /** The columns that differ. */
  readonly fields: readonly string[]
}

export interface IdConflicts {
  readonly count: number
  /** The conflicts that are shown. */
  readonly first: readonly IdConflict[]
}

/** Counts conflicts, and keeps the first of them. */
export class ConflictList implements IdConflicts {
  count = 0
  readonly first: IdConflict[] = []

  add(conflict: IdConflict): void {
    this.count += 1
    if (this.first.length < mostShown) this.first.push(conflict)
  }
}

export function tellConflicts({ count, first }: IdConflicts): string {
  const rows = count === 1 ? '1 row has the id' : `${count.toLocaleString('en')} rows have the id`
  const lines = first.map(({ id, at, with: other, fields }) => {
    const named = id === undefined ? '' : ` ("${id}")`
    return `${at} has the id of ${other}${named}, and differs in ${fields.join(', ')}`
  })
  const more = count > first.length ? `\n  and ${(count - first.length).toLocaleString('en')} more` : ''
  return `${rows} of another transaction:\n  ${lines.join('\n  ')}${more}`
}
