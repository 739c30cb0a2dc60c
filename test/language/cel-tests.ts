import { tests } from '@bufbuild/cel-spec/testdata/conformance.js'
import { z } from 'zod'

/** A test of CEL's conformance suite, with what cel-go's checker made of it. */
const celTest = z.object({
  original: z.object({
    name: z.string(),
    expr: z.string(),
    value: z.record(z.string(), z.unknown()).optional(),
    evalError: z.unknown().optional(),
    bindings: z.record(z.string(), z.object({ value: z.record(z.string(), z.unknown()).optional() })).optional(),
    typeEnv: z.array(z.object({ name: z.string(), ident: z.object({ type: z.unknown() }).optional() })).optional(),
    checkOnly: z.boolean().optional(),
    typedResult: z.unknown().optional(),
    container: z.string().optional(),
  }),
  checkedAst: z.string().optional(),
  type: z.string().optional(),
})
export type CelTest = z.infer<typeof celTest>

interface Suite {
  readonly name: string
  readonly suites?: readonly Suite[] | undefined
  readonly tests?: readonly CelTest[] | undefined
}
const suite: z.ZodType<Suite> = z.lazy(() =>
  z.object({ name: z.string(), suites: z.array(suite).optional(), tests: z.array(celTest).optional() }),
)

/** All of them by where they are: `comparisons/eq_literal/eq_int`. */
export function readCelTests(): ReadonlyMap<string, CelTest> {
  const found = new Map<string, CelTest>()
  const walk = ({ suites = [], tests: own = [], name }: Suite, before: string): void => {
    for (const test of own) found.set(`${before}${name}/${test.original.name}`, test)
    for (const inner of suites) walk(inner, `${before}${name}/`)
  }
  for (const file of suite.parse(tests).suites ?? []) walk(file, '')
  return found
}

/** The functions and operators of the subset, as cel-go names them once it knows the types. */
const overloads = new Set(
  `conditional logical_and logical_or logical_not not_strictly_false equals not_equals
  add_int64 add_double add_string add_duration_duration add_timestamp_duration add_duration_timestamp
  subtract_int64 subtract_double subtract_duration_duration subtract_timestamp_duration subtract_timestamp_timestamp
  multiply_int64 multiply_double divide_int64 divide_double modulo_int64 negate_int64 negate_double in_list
  size_string string_size size_list list_size contains_string starts_with_string ends_with_string matches matches_string
  string_to_duration string_to_timestamp int64_to_timestamp timestamp_to_timestamp duration_to_duration
  int64_to_int64 double_to_int64 string_to_int64 timestamp_to_int64 int64_to_double double_to_double string_to_double
  string_to_string int64_to_string double_to_string bool_to_string timestamp_to_string duration_to_string
  bool_to_bool string_to_bool timestamp_to_year timestamp_to_month timestamp_to_day_of_year
  timestamp_to_day_of_month timestamp_to_day_of_month_1_based timestamp_to_day_of_week timestamp_to_hours
  timestamp_to_minutes timestamp_to_seconds timestamp_to_milliseconds duration_to_hours duration_to_minutes
  duration_to_seconds duration_to_milliseconds`.split(/\s+/),
)
const withZone = /^timestamp_to_\w+_with_tz$/
const order = /^(?:less|greater)(?:_equals)?_(?:bool|int64|double|string|timestamp|duration|int64_double|double_int64)$/
const types = /^(?:list\()?(?:bool|int|double|string|timestamp|duration)\)?$|^list\(dyn\)$/
const values = new Set(['boolValue', 'int64Value', 'doubleValue', 'stringValue', 'objectValue'])

/** Why a test is about something that the subset leaves out; undefined for those inside. */
export function whyOutside({ original, checkedAst, type }: CelTest): string | undefined {
  if (checkedAst === undefined) return 'CEL itself refuses it, or it needs more than CEL’s core'
  if (type === undefined || !types.test(type) || type.startsWith('list')) return `a result of type ${type}`
  if (original.checkOnly === true || original.typedResult !== undefined) return 'it only asks for a type'
  if (original.container !== undefined) return 'names in a container'
  if (checkedAst.includes('#unused')) return 'bind'
  const given = Object.values(original.bindings ?? {}).flatMap(({ value = {} }) => Object.keys(value))
  const value = [...given, ...Object.keys(original.value ?? {})].find((each) => !values.has(each))
  if (value !== undefined) return `a value of type ${value}`
  const ast = withoutTexts(checkedAst)
  for (const [found, known] of ast.matchAll(
    /~(?:((?:bool|int|double|string|timestamp|duration)|list\((?:(?:bool|int|double|string|timestamp|duration)|dyn)\))(?!\w)|[^\n^,]*)/g,
  )) {
    if (known === undefined) return `a value of type ${found.slice(1)}`
  }
  for (const [, found = ''] of ast.matchAll(/\^([\w|]+)/g)) {
    const isInside = found.split('|').every((each) => overloads.has(each) || withZone.test(each) || order.test(each))
    if (!isInside) return `the function ${found}`
  }
  return whyListsOutside(ast)
}

/** Without what is between quotes, and without what variables refer to, which is their name again. */
function withoutTexts(ast: string): string {
  return ast.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/([\w@.]+)(~[\w()]+)\^\1(?!\w)/g, '$1$2')
}

/** Lists are written out, and asked by in, all, exists, exists_one and size alone. */
function whyListsOutside(ast: string): string | undefined {
  const lines = ast.split('\n')
  const indentOf = (line: string) => line.length - line.trimStart().length
  for (const [i, line] of lines.entries()) {
    if (!/\]~list\(/.test(line) || /\]~list\(\w+\)\.size\(\)/.test(line)) continue
    const parent = lines.slice(0, i).findLast((each) => indentOf(each) < indentOf(line))
    if (!/(?:@in|__comprehension__|size)\($/.test(parent ?? ''))
      return 'a list outside of in, all, exists, exists_one and size'
  }
  const targets = [...ast.matchAll(/\/\/ Target\n\s*(\S)/g)].map(([, start]) => start)
  return targets.every((start) => start === '[') ? undefined : 'a comprehension over what is not written out'
}
