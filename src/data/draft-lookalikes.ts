import { holdsCardNumber } from '../core/card-number.ts'
import type { Table, TextColumn } from './table.ts'

/**
 * Columns of long references, some of which look like card numbers by chance and would be refused one by one. Where nobody
 * can tell that from card numbers, they are hashed.
 */
export function lookalikes(
  { columns }: Table,
  declared: readonly (string | undefined)[],
  { hashed, unsure }: { readonly hashed: string[]; readonly unsure: string[] },
): readonly string[] {
  const found = columns.filter(
    (column): column is TextColumn =>
      declared.includes(column.name) &&
      !hashed.includes(column.name) &&
      column.kind === 'text' &&
      areReferences(column.dictionary) &&
      column.dictionary.some((text) => holdsCardNumber(text)),
  )
  const [unclear, chance] = [true, false].map((few) => found.filter((column) => areTooFewToTell(column) === few))
  for (const { name } of unclear) {
    hashed.push(name)
    unsure.push(
      `${name}: its few long values look like card numbers, so they are hashed; if they are something else, list it in notCardNumber`,
    )
  }
  for (const { name } of chance) {
    unsure.push(
      `${name}: a few of its values look like card numbers, as long references do by chance; its values are not checked for them`,
    )
  }
  return chance.map(({ name }) => name)
}

/** Whether most of the few long values look like card numbers: by chance one in ten does. */
function areTooFewToTell({ dictionary }: TextColumn): boolean {
  const long = dictionary.filter((text) => text.replace(/\D/g, '').length >= 13)
  return 2 * long.filter((text) => holdsCardNumber(text, 'id')).length >= long.length
}

/** Whether nearly all values have digits enough for a card number: one in a column of others is no chance, but a mistake. */
function areReferences(texts: readonly string[]): boolean {
  const long = texts.filter((text) => text.replace(/\D/g, '').length >= 13)
  return long.length >= 0.9 * texts.length
}
