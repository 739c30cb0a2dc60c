import { compileExpression, type Program, ProgramIndex, printSyntax } from '../../src/language/index.ts'
import { declarations, everyValue, noValue } from '../language/declared.ts'

const conditions = [
  'card_count_10m > 8 && amount < 20.0',
  'country != ip_country && has(country)',
  'email.matches("^[a-z]+@example[.]com$") && `merchant name`.contains("🦊")',
  'time.getHours("Europe/Berlin") < 6 || time.getDayOfWeek() == 0',
  'device in lists.blocked && !(device in lists.`known devices`)',
  '[1, 2, 3].exists(x, x * 2 == visits * 2) && account_age < duration("2h")',
  'payment.method in ["card", "wallet"] && string(items) == "7"',
  'card_cuont_10m > 8 && amount > "much"',
  'email.matches("(a+)+$(")',
  'time.getHours() > 22 && time.getHours() < 6',
  'country == "4111 1111 1111 1111"',
]

/** What the rule language makes of conditions: the same wherever it runs. */
export function makeOfConditions() {
  const compiled = conditions.map((text) => compileExpression(text, declarations))
  const programs = compiled.flatMap((each): Program[] => (each.ok ? [each.program] : []))
  const index = new ProgramIndex()
  programs.forEach((program, place) => void index.set(place, program))
  return {
    each: compiled.map((each) => {
      if (!each.ok) return { problems: each.problems, warnings: each.warnings }
      const { program, warnings } = each
      const said = [everyValue, noValue].map((subject) => String(program.evaluate(subject)))
      const printed = printSyntax(program.tree)
      return {
        said,
        printed,
        warnings,
        names: program.names,
        cost: program.cost,
        explained: program.explain(everyValue),
      }
    }),
    together: [everyValue, noValue].map((subject) => {
      const { true: spoke, unknown } = index.ask(subject)
      return { spoke: [...spoke], unknown: [...unknown] }
    }),
  }
}
