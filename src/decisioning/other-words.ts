import { closestName } from '../core/closest-name.ts'
import { showValue } from '../core/show-value.ts'
import { z } from '../core/zod.ts'

/** What other systems call things, by the word that is used here. */
type OtherWords<Word extends string> = Partial<Readonly<Record<Word, string>>>

/**
 * One of some words; of what other systems call them, or of a misspelt one, it is told how it is written here.
 *
 * @param more what to add, by what was written.
 */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  others: OtherWords<Word> = {},
  more: Readonly<Record<string, string>> = {},
) {
  const list = words.map((word) => `"${word}"`)
  const allowed = `${list.slice(0, -1).join(', ')} or ${list.at(-1)}`
  return z.enum(words, {
    error: ({ input }) => {
      if (typeof input !== 'string') return undefined
      const meant = wordFor(input, words, others)
      const added = Object.hasOwn(more, input) ? `, ${more[input]}` : ''
      return `it must be ${allowed}${meant === undefined ? '' : `; "${showValue(input)}" is written ${meant} here${added}`}`
    },
  })
}

/** Says of names that an object does not have which of its own was meant. */
export function tellNames<const Name extends string>(names: readonly Name[], others: OtherWords<Name>) {
  return (issue: z.core.$ZodRawIssue): string | undefined => {
    if (issue.code !== 'unrecognized_keys') return undefined
    const told = issue.keys.map((key) => {
      const meant = wordFor(key, names, others)
      return `it has no "${showValue(key)}"${meant === undefined ? '' : `; did you mean ${meant}?`}`
    })
    return told.join(', ')
  }
}

/** An object of these names alone; of a misspelt one it is told which was meant. */
export function strictObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, { error: tellNames(Object.keys(shape), {}) })
}

function wordFor<Word extends string>(
  given: string,
  words: readonly Word[],
  others: OtherWords<Word>,
): Word | undefined {
  const low = given.trim().toLowerCase()
  const same = words.find((word) => word === low || (others[word] ?? '').split(' ').includes(low))
  const near = same ?? closestName(low, words)
  return words.find((word) => word === near)
}
