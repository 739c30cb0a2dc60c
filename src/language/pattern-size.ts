/** A class, `[^]a-z[:alpha:]]`, an escape, a counted repetition, or any other character. */
const pieces = /\[\^?\]?(?:\\.|\[:\w*:\]|[^\]\\])*\]?|\\.|\{(\d+)(,(\d*))?\}|./gsu

/**
 * About how many instructions a pattern takes once its counted repetitions are written out, before anything is compiled:
 * a{1000} is short to write and long to run. Where the pattern can't be read, what is written so far counts.
 */
export function patternSize(pattern: string): number {
  const outer: number[] = []
  let [size, last] = [0, 0]
  for (const [piece, count, more, most] of pattern.matchAll(pieces)) {
    if (piece === '(') {
      outer.push(size)
      size = 0
      last = 0
    } else if (piece === ')') {
      last = size + 1
      size = (outer.pop() ?? 0) + last
    } else {
      const times =
        count === undefined ? 1 : Math.max(Number(count), more === undefined ? 0 : Number(most || count) + 1)
      const added = count === undefined ? 1 : last * (times - 1)
      last = count === undefined ? 1 : last * times
      size += added
    }
  }
  return outer.reduce((sum, each) => sum + each, size)
}
