import { isRecord } from '../core/json-value.ts'

/** Something that is wrong with a field, in words: `when, line 2, column 5: the name "x" is unknown`. */
export function tellProblem(problem: object): string {
  const { field, reason, at } = isRecord(problem) ? problem : {}
  const place = isRecord(at) ? `, line ${at.line}, column ${at.column}` : ''
  return `${field}${place}: ${reason}`
}
