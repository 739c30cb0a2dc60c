import { checkSyntax } from './checker.ts'
import { closeBool } from './closures.ts'
import { explainConjuncts, type Finding, namesIn } from './conjuncts.ts'
import { costOf, leastPatternCost } from './cost.ts'
import type { Declarations, Subject } from './declarations.ts'
import { type Condition, guardOf, type Limit, necessaryOf } from './necessary.ts'
import { parseSyntax } from './parser.ts'
import { type Problem, problemAt, SyntaxProblem } from './problem.ts'
import { limits, type Span, type Syntax } from './syntax.ts'
import { type BoolTerm, isBoolTerm, partsOf, type Term } from './term.ts'
import { aValue } from './types.ts'

/** Reads and checks a condition. Where it is ok it can be evaluated; otherwise all that is wrong with it is told at once. */
export function compileExpression(text: string, declarations: Declarations): Compiled {
  const { tree, problems: misread } = readTree(text)
  if (tree === undefined) return { ok: false, problems: misread, warnings: [] }
  const patterns = whyTooCostly(text, tree, leastPatternCost(tree))
  if (patterns.length > 0) return { ok: false, problems: [...misread, ...patterns], warnings: [] }
  const { term, problems, warnings } = checkSyntax(text, tree, declarations)
  const wrong = [...misread, ...(term === undefined ? problems : whyNotRun(text, tree, term))]
  if (term === undefined || !isBoolTerm(term) || wrong.length > 0) {
    return { ok: false, problems: wrong.sort((one, other) => one.start - other.start), warnings }
  }
  return { ok: true, program: makeProgram(text, tree, term), warnings }
}

export type Compiled =
  | { readonly ok: true; readonly program: Program; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] }

export interface Program {
  readonly text: string
  readonly tree: Syntax
  readonly term: BoolTerm
  /** Names that it reads or asks for, in order, each once. */
  readonly names: readonly string[]
  /** The NAMEs of its `lists.NAME`. */
  readonly lists: readonly string[]
  readonly cost: number
  /** Of these it needs one, which an index looks up for many programs at once. */
  readonly necessary: readonly Condition[] | undefined
  /** It needs one of these, too. */
  readonly guard: readonly [Limit, Limit] | undefined
  /** Undefined where what is missing would decide. */
  evaluate(subject: Subject): boolean | undefined
  /** What each condition that `&&` joins at the top said, and the values that it saw. */
  explain(subject: Subject): readonly Finding[]
}

/** The tree of a text, where it can be read to its end, and what is wrong with how it is written. */
function readTree(text: string): { readonly tree: Syntax | undefined; readonly problems: Problem[] } {
  const problems: Problem[] = []
  const tell = (span: Span, message: string) => void problems.push(problemAt(text, span, message))
  try {
    return { tree: parseSyntax(text, tell), problems }
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    tell(error.span, error.message)
    return { tree: undefined, problems }
  }
}

function whyNotRun(text: string, tree: Syntax, term: Term): readonly Problem[] {
  if (!isBoolTerm(term)) {
    return [problemAt(text, tree, `A rule must be true or false; this is ${aValue(term.type)}`)]
  }
  return whyTooCostly(text, tree, costOf(term))
}

function whyTooCostly(text: string, tree: Syntax, cost: number): readonly Problem[] {
  if (cost <= limits.cost) return []
  return [problemAt(text, tree, `The expression may take ${cost} steps; at most ${limits.cost} are allowed`)]
}

function makeProgram(text: string, tree: Syntax, term: BoolTerm): Program {
  // Few programs are ever explained.
  let explain: ReturnType<typeof explainConjuncts> | undefined
  return {
    text,
    tree,
    term,
    names: [...namesIn(term).keys()],
    lists: listsOf(term),
    cost: costOf(term),
    necessary: necessaryOf(term),
    guard: guardOf(term),
    evaluate: closeBool(term),
    explain: (subject) => {
      explain ??= explainConjuncts(text, tree, term)
      return explain.map((each) => each(subject))
    },
  }
}

function listsOf(term: Term): readonly string[] {
  const own = term.kind === 'inList' ? [term.list] : []
  return [...new Set([...own, ...partsOf(term).flatMap(listsOf)])]
}
