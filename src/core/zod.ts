import { z } from 'zod'
import { kindOf } from './json-value.ts'
import { showValue } from './show-value.ts'

// The validator's own words are a programmer's: everybody who needs it has it from here, with these.
z.config({ localeError: whyRefused })

export { z }

/** Everything that is wrong with a value, in one line for people. */
export function tellIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`).join('; ')
}

/** Says in plain English what is wrong with the value at the path. */
function whyRefused(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return whyNotOfType(issue.expected, issue.input)
    case 'invalid_value':
      return `it must be ${listed(issue.values.map((value) => JSON.stringify(value) ?? String(value)))}`
    case 'too_big':
      return whyBeyond(issue.origin, issue.maximum, issue.inclusive ? 'at most' : 'less than')
    case 'too_small':
      return whyBeyond(issue.origin, issue.minimum, issue.inclusive ? 'at least' : 'more than')
    case 'not_multiple_of':
      return `it must be a multiple of ${issue.divisor}`
    case 'invalid_format':
      return issue.format === 'datetime' ? 'it must be an ISO 8601 time' : 'it does not have the required form'
    case 'unrecognized_keys':
      return `it has no ${listed(issue.keys.map((key) => `"${showValue(key)}"`))}`
    case 'invalid_key':
      return `one of its names is not allowed${after(issue.issues)}`
    case 'invalid_element':
      return `one of its values is not allowed${after(issue.issues)}`
    case 'invalid_union':
      return eachOnce(issue.errors.flatMap(ofTheWhole)).join(', or ') || 'it does not have an allowed form'
    default:
      return 'it is not allowed'
  }
}

const types: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a set of names and values',
  record: 'a set of names and values',
  null: 'null',
}

function whyNotOfType(expected: string, given: unknown): string {
  if (given === undefined) return 'it is missing'
  const wanted = types[expected] ?? 'something else'
  if (typeof given !== 'number') return `it must be ${wanted}, and is ${kindOf(given)}`
  const isNumber = expected === 'number' || expected === 'int'
  return isNumber ? `it must be ${wanted}, and is ${given}` : `it must be ${wanted}, and is a number`
}

function whyBeyond(origin: string, limit: number | bigint, comparison: string): string {
  if (origin === 'string' || origin === 'array') {
    if (comparison === 'at least' && Number(limit) === 1) return 'it must not be empty'
    return `it must have ${comparison} ${limit} ${origin === 'string' ? 'characters' : 'entries'}`
  }
  // Its sixteen digits would be taken for those of a card.
  const isLast = Math.abs(Number(limit)) === Number.MAX_SAFE_INTEGER
  return `it must be ${comparison} ${isLast ? lastWhole(Number(limit)) : limit}`
}

function lastWhole(limit: number): string {
  return limit < 0 ? '-2^53 + 1' : '2^53 - 1'
}

/** What each form that a value may have says against it as a whole, or against its first bad part. */
function ofTheWhole(issues: readonly z.core.$ZodIssue[]): readonly string[] {
  const [first] = issues
  if (first === undefined) return []
  return [first.path.length === 0 ? first.message : `in ${first.path.join('.')}, ${first.message}`]
}

function eachOnce(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}

function after(issues: readonly z.core.$ZodIssue[]): string {
  return issues.length === 0 ? '' : `: ${issues[0].message}`
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`
}
