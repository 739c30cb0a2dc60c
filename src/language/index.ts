/**
 * The rule language, a part of CEL, for conditions on one transaction. This is all that the rest of the project imports.
 *
 *     const declarations: Declarations = {
 *       names: new Map([
 *         ['amount', { type: 'double', slot: 0, always: true }],   // subject.numbers[0]
 *         ['card_count_10m', { type: 'double', slot: 1 }],         // subject.numbers[1]
 *         ['country', { type: 'string', slot: 0 }],                // subject.texts[0]
 *         ['device', { type: 'token', slot: 1 }],                  // subject.texts[1], a personal value
 *       ]),
 *       lists: new Map([['blocked', 0]]),                          // subject.lists[0]
 *     }
 *     const compiled = compileExpression('card_count_10m > 8 && !(device in lists.blocked)', declarations)
 *     if (!compiled.ok) return compiled.problems.map(({ line, column, message }) => …)
 *
 *     const subject: Subject = { numbers: Float64Array.of(1.5, 9), texts: ['DE', 'd1'], lists: [new Set(['d2'])] }
 *     compiled.program.evaluate(subject)   // true; false, or undefined where it is unknown
 *     compiled.program.explain(subject)    // each condition between &&, what it said, and of which values
 *     compiled.program.names               // ['card_count_10m', 'device']; lists are ['blocked']
 *
 * Many programs at once, which runs only those that may be other than false:
 *
 *     const index = new ProgramIndex()
 *     programs.forEach((program, place) => index.set(place, program))   // again later, where one changes
 *     const { true: spoke, unknown } = index.ask(subject)   // their places, in order
 *
 * Declare features as doubles, counts among them: as ints, `card_count_1h / 2` would be cut to a whole number. A subject
 * is lent: change what is in it from one decision to the next, and evaluate as many programs as there are.
 */

export type { Finding, SeenValue } from './conjuncts.ts'
export type { Declaration, Declarations, Membership, NumberRange, Subject, Value } from './declarations.ts'
export { type Compiled, compileExpression, type Program } from './expression.ts'
export { printSyntax, writeName } from './printer.ts'
export type { Problem } from './problem.ts'
export { type Answers, ProgramIndex } from './program-index.ts'
export { limits } from './syntax.ts'
export { type CompiledTemplate, compileTemplate, type Template } from './template.ts'
export type { ScalarType } from './types.ts'
