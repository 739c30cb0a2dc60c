/**
 * Adds an item to a list, which is made for the first one. Most lists of the decision path hold one item, if any: as a literal
 * such a list is as small as its item, while an empty one that is pushed to takes room for seventeen.
 */
export function pushTo<Item>(list: Item[] | undefined, item: Item): Item[] {
  if (list === undefined) return [item]
  list.push(item)
  return list
}
