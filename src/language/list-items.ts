import type { Checking } from './checking.ts'
import type { Syntax } from './syntax.ts'
import type { Term } from './term.ts'
import { aValue, commonType, type ScalarType } from './types.ts'

/** The items of a list that is written in a rule, all of one type; ints beside doubles are doubles. */
export function checkItems(checking: Checking, list: Syntax & { readonly kind: 'list' }): readonly Term[] | undefined {
  const items = list.items.map((item) => checking.check(item))
  let type: ScalarType | undefined
  for (const [i, item] of items.entries()) {
    if (item === undefined) continue
    const common = type === undefined ? item.type : commonType(type, item.type)
    if (common === undefined) {
      return checking.refuse(
        list.items[i],
        `A list holds values of one type; this is ${aValue(item.type)} among ${type}`,
      )
    }
    type = common
  }
  return items.every((item) => item !== undefined) ? items : undefined
}
