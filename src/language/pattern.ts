import { RE2JS } from 're2js'
import { maskCardNumber } from '../core/show-value.ts'
import { patternSize } from './pattern-size.ts'
import { limits } from './syntax.ts'

export interface Pattern {
  /** Whether a text has what the pattern says, anywhere in it. */
  test(text: string): boolean
  /** How many instructions it takes, at each character. */
  readonly size: number
}

/**
 * A pattern, or what is wrong with it. Patterns are RE2's, so that the time to test a text grows with its length alone; how
 * much it grows by is their size, which is limited as well.
 */
export function compilePattern(pattern: string): Pattern | string {
  if (pattern.length > limits.patternCharacters) {
    return `The pattern has ${pattern.length} characters; at most ${limits.patternCharacters} are read`
  }
  const size = patternSize(pattern)
  if (size > limits.patternSize) {
    return `The pattern is about ${size} characters long with its repetitions; at most ${limits.patternSize} are allowed`
  }
  try {
    const compiled = RE2JS.compile(pattern)
    return { test: (text) => compiled.test(text), size: Math.max(size, compiled.programSize()) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return `The pattern can't be read: ${maskCardNumber(reason.replace(/^error parsing regexp: /, ''))}`
  }
}
