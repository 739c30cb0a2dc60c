import { compileExpression, type Declarations, type Program, type Subject } from '../language/index.ts'
import type { Definitions } from './definitions.ts'
import type { ListDefinition } from './list-definition.ts'
import type { ListEntries } from './list-entries.ts'
import { opinionOfList } from './lists.ts'
import type { ListHit } from './policy-trace.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { type CompiledRule, compileRule, type RuleProblems, RuleSet } from './rule-set.ts'
import type { Thresholds } from './thresholds.ts'

interface Segment {
  readonly name: string
  readonly program: Program
  readonly thresholds: Thresholds
}

/** A list that has something to say by itself. */
interface SpeakingList {
  readonly textSlot: number
  readonly opinion: Omit<ListHit, 'entry'>
  readonly entries: ListEntries
}

/** A rule that can't be asked: the detector lacks what it speaks of. It is unknown until then. */
interface BrokenRule {
  readonly id: string
  readonly problems: RuleProblems
}

/** Rules that were compiled before, so that a change compiles only what it changed. */
export class RuleCompiler {
  readonly #compiled = new WeakMap<RuleDefinition, ReturnType<typeof compileRule>>()
  readonly #declarations: Declarations

  constructor(declarations: Declarations) {
    this.#declarations = declarations
  }

  compile(definition: RuleDefinition): ReturnType<typeof compileRule> {
    const known = this.#compiled.get(definition)
    if (known !== undefined) return known
    const compiled = compileRule(definition, this.#declarations)
    this.#compiled.set(definition, compiled)
    return compiled
  }
}

/** Definitions made ready to be asked of one transaction after the other. */
export interface CompiledPolicy {
  readonly rules: RuleSet
  readonly segments: readonly Segment[]
  readonly lists: readonly SpeakingList[]
  readonly broken: readonly BrokenRule[]
}

export function compilePolicy(
  { policy, rules, lists }: Definitions,
  declarations: Declarations,
  compiler: RuleCompiler,
  entriesOf: (name: string) => ListEntries | undefined,
): CompiledPolicy {
  const ready: CompiledRule[] = []
  const broken: BrokenRule[] = []
  for (const definition of rules.values()) {
    const compiled = compiler.compile(definition)
    if (compiled.ok) ready.push(compiled.rule)
    else broken.push({ id: definition.id, problems: compiled.problems })
  }
  const segments = (policy.segments ?? []).flatMap(({ name, when, thresholds }): Segment[] => {
    const compiled = compileExpression(when, declarations)
    return compiled.ok ? [{ name, program: compiled.program, thresholds }] : []
  })
  const speaking = [...lists.values()].flatMap((list) => speakingList(list, declarations, entriesOf(list.name)))
  return { rules: new RuleSet(ready), segments, lists: speaking, broken }
}

/** The first segment that a transaction is of. */
export function segmentOf(segments: readonly Segment[], subject: Subject): Segment | undefined {
  return segments.find(({ program }) => program.evaluate(subject) === true)
}

function speakingList(
  list: ListDefinition,
  { names }: Declarations,
  entries: ListEntries | undefined,
): readonly SpeakingList[] {
  const opinion = opinionOfList(list)
  const of = names.get(list.of)
  const isText = of?.type === 'string' || of?.type === 'token'
  if (opinion === undefined || entries === undefined || of === undefined || !isText) return []
  return [{ textSlot: of.slot, opinion, entries }]
}
