import { closestName } from '../core/closest-name.ts'
import { showName } from '../core/show-value.ts'
import { writeName } from './printer.ts'

/** What to add to "is unknown": `; did you mean card_count_1h?`, or all names where they are few; nothing otherwise. */
export type Hint = (unknown: string, names: Names, prefix?: string) => string

/** Names that are only listed where they are compared: a map, or a set. */
interface Names {
  readonly size: number
  keys(): Iterable<string>
}

/** A longer text is not compared, since that takes as long as both are. */
const longestCompared = 100
/** Some milliseconds: who misspells more names than that sees the others the next time. */
const mostCompared = 1500
const fewNames = 8

/** Hints for one text. */
export function makeHint(): Hint {
  let compared = 0
  return (unknown, names, prefix = '') => {
    const show = (name: string) => showName(prefix + writeName(name))
    compared += names.size
    const isCompared = unknown.length <= longestCompared && compared <= mostCompared
    const closest = isCompared ? closestName(unknown, [...names.keys()]) : undefined
    if (closest !== undefined) return `; did you mean ${show(closest)}?`
    return names.size > 0 && names.size <= fewNames ? `; there is ${[...names.keys()].map(show).join(', ')}` : ''
  }
}
