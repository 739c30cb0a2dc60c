import { RE2JS } from 're2js'
import { maskCardNumber } from '../core/show-value.ts'
import { limits } from './syntax.ts'

/** A program that is longer takes longer to make than a rule may. */
const largestProgram = 5000

/**
 * Whether a text has what a pattern says, anywhere in it; what is wrong with the pattern otherwise. Patterns are RE2's, so
 * that the time to test a text grows with its length alone, whatever the pattern.
 */
export function compilePattern(pattern: string): ((text: string) => boolean) | string {
  if (pattern.length > limits.patternCharacters) {
    return `The pattern has ${pattern.length} characters; at most ${limits.patternCharacters} are read`
  }
  try {
    const compiled = RE2JS.compile(pattern)
    if (compiled.programSize() > largestProgram) return 'The pattern repeats too much'
    return (text) => compiled.test(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return `The pattern can't be read: ${maskCardNumber(reason.replace(/^error parsing regexp: /, ''))}`
  }
}
