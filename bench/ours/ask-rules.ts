// CPU time of rules: RULES DECISIONS. Compiles so many realistic rules, asks all of them about so many decisions, with the
// index and one by one, and prints one line of JSON. Both have to say the same.
import { createRandom } from '../../src/core/random.ts'
import { compileExpression, type Program, ProgramIndex } from '../../src/language/index.ts'
import { declarations, drawRule, drawSubject } from '../harness/realistic-rules.ts'

const [rules, decisions] = process.argv.slice(2).map(Number)
const random = createRandom(15)
const texts = Array.from({ length: rules }, () => drawRule(random))
const subjects = Array.from({ length: Math.min(decisions, 1000) }, () => drawSubject(random))

function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const programs: Program[] = []
const compileMs = cpuMs(() => {
  for (const text of texts) {
    const compiled = compileExpression(text, declarations)
    if (!compiled.ok) throw new Error(`${text}: ${compiled.problems[0].message}`)
    programs.push(compiled.program)
  }
})
const index = new ProgramIndex()
const indexMs = cpuMs(() => {
  for (const [place, program] of programs.entries()) index.set(place, program)
  index.ask(subjects[0])
})

let [spoke, unknown, differing] = [0, 0, 0]
for (const subject of subjects) {
  const results = programs.map((program) => program.evaluate(subject))
  const answers = index.ask(subject)
  const isEqual =
    `${answers.true}` === `${results.flatMap((result, i) => (result === true ? i : []))}` &&
    `${answers.unknown}` === `${results.flatMap((result, i) => (result === undefined ? i : []))}`
  if (!isEqual) differing++
  spoke += answers.true.length
  unknown += answers.unknown.length
}

const each = (work: (subject: (typeof subjects)[number]) => void) =>
  (1000 *
    cpuMs(() => {
      for (let i = 0; i < decisions; i++) work(subjects[i % subjects.length])
    })) /
  decisions
const indexedUs = each((subject) => index.ask(subject))
const oneByOneUs = each((subject) => {
  for (const program of programs) program.evaluate(subject)
})
const seen = { spoke: spoke / subjects.length, unknown: unknown / subjects.length, differing }
process.stdout.write(`${JSON.stringify({ compileMs, indexMs, indexedUs, oneByOneUs, ...seen })}\n`)
