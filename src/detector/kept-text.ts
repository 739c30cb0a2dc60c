/** Lengths are in UTF-16 units; most letters are one unit. */
export const longestId = 128
export const longestText = 512

/**
 * Why a text is not kept as it is; undefined where it is. U+0000 ends a text for programs in C, databases among them,
 * so that two ids could become one there.
 */
export function whyNotKept(text: string, longest: number): string | undefined {
  if (text.length > longest) return `is over ${longest} characters`
  if (text.includes('\0')) return holdsNul
  return text.isWellFormed() ? undefined : 'is not valid text: it has half of a surrogate pair'
}

const holdsNul = 'holds the character U+0000'
