import type { LabelledRows } from './labelled-rows.ts'
import type { Parts } from './split-rows.ts'

const mostNamed = 8

/**
 * Inputs that the model can make nothing of, or that are not in the test what they were in the training: each is a column
 * that somebody forgot to fill, or that came later.
 */
export function warnOfColumns(
  { features, columns }: Pick<LabelledRows, 'features' | 'columns'>,
  { fit, test }: Pick<Parts, 'fit' | 'test'>,
): string[] {
  const constant: string[] = []
  const gone: string[] = []
  const come: string[] = []
  features.forEach((name, i) => {
    const column = columns[i]
    const [before, now] = [fit, test].map((part) => missingShare(column, part))
    if (before > 0.99 && now < 0.5) come.push(name)
    else if (before < 0.5 && now > 0.99) gone.push(name)
    else if (isConstant(column, fit)) constant.push(name)
  })
  return [
    ...tell(constant, 'the same in every row that the model learned from, so it learned nothing from them'),
    ...tell(
      gone,
      'missing in the test rows, but not in those that the model learned from: figures are those of a model without them',
    ),
    ...tell(
      come,
      'missing in the rows that the model learned from, but not in the test rows: a later training may learn from them',
    ),
  ]
}

function tell(names: readonly string[], what: string): string[] {
  if (names.length === 0) return []
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ''
  return [`Inputs that are ${what}: ${names.slice(0, mostNamed).join(', ')}${more}`]
}

function missingShare(column: Float64Array, part: Uint32Array): number {
  let missing = 0
  for (let i = 0; i < part.length; i++) if (Number.isNaN(column[part[i]])) missing++
  return part.length === 0 ? 0 : missing / part.length
}

/** A missing value equals a missing one. */
function isConstant(column: Float64Array, part: Uint32Array): boolean {
  const first = column[part[0]]
  return part.every((row) => Object.is(column[row], first))
}
