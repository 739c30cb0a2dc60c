// CPU time of checking one hostile rule: NAME of harness/hostile-rules.ts. Checks it as a change that was sent, for the first
// time in this process and again when it is warm, and asks it of a transaction where it is taken. Prints one line of JSON.
import { ruleSchema } from '../../src/decisioning/rule-definition.ts'
import { compileRule } from '../../src/decisioning/rule-set.ts'
import { compileExpression, type Declaration } from '../../src/language/index.ts'
import { declaredNames, hostileRules } from '../harness/hostile-rules.ts'
import { median } from '../harness/measure.ts'

const when = hostileRules[process.argv[2] ?? '']
const number = (slot: number): Declaration => ({ type: 'double', slot })
const names = new Map<string, Declaration>([
  ['amount', { ...number(0), always: true }],
  ...declaredNames.map((name, i) => [name, number(i + 1)] as const),
  ['merchant', { type: 'string', slot: 0 }],
])
const declarations = { names, lists: new Map<string, number>() }
const subject = { numbers: new Float64Array(names.size).fill(1), texts: [`${'a'.repeat(200)}!`], lists: [] }

function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** What is said of it first, with its place; undefined where it is taken. */
function check(): string | undefined {
  const rule = ruleSchema.safeParse({ id: 'hostile', when, then: 'review' })
  if (!rule.success) return `${rule.error.issues[0].path.join('.')}: ${rule.error.issues[0].message}`
  const compiled = compileRule(rule.data, declarations)
  if (compiled.ok) return undefined
  const { line, column, message } = compiled.problems.when[0]
  return `${line}:${column}: ${message}`
}

const coldMs = cpuMs(check)
const ordinary = 'amount > 3.0 * card_count_7d && merchant.matches("^[a-z]+$") || unknown > 1'
for (let i = 0; i < 300; i++) compileExpression(ordinary, declarations)
const warmMs = median(Array.from({ length: 15 }, () => cpuMs(check)))
const compiled = compileExpression(when, declarations)
const askMs = compiled.ok ? cpuMs(() => void compiled.program.evaluate(subject)) : 0
process.stdout.write(`${JSON.stringify({ coldMs, warmMs, askMs, said: check() ?? 'taken' })}\n`)
