import { closestName } from '../core/closest-name.ts'
import { showName } from '../core/show-value.ts'
import type { Checking } from './checking.ts'
import { writeName } from './printer.ts'

/** `; did you mean card_count_1h?`, where a name that there is comes near to an unknown one. */
export function nameHint({ declarations, variables }: Checking, unknown: string): string {
  return hint(unknown, [...variables.map(({ name }) => name), ...declarations.names.keys()])
}

/** A longer text is not compared, since that takes as long as both are. */
const longestCompared = 200
const fewNames = 8

/** The nearest name, or all of them where they are few. */
export function hint(unknown: string, names: readonly string[], prefix = ''): string {
  const closest = unknown.length > longestCompared ? undefined : closestName(unknown, names)
  const show = (name: string) => showName(prefix + writeName(name))
  if (closest !== undefined) return `; did you mean ${show(closest)}?`
  return names.length > 0 && names.length <= fewNames ? `; there is ${names.map(show).join(', ')}` : ''
}
