import {
  type CompiledTemplate,
  compileExpression,
  compileTemplate,
  type Declarations,
  indexPrograms,
  type Problem,
  type Program,
  type Subject,
  type Template,
} from '../language/index.ts'
import { draw } from './draws.ts'
import type { RuleHit } from './policy-trace.ts'
import type { RuleDefinition } from './rule-definition.ts'

/** A rule that can be asked. */
export interface CompiledRule {
  readonly definition: RuleDefinition
  readonly program: Program
  readonly reason: Template | undefined
}

export interface RuleProblems {
  readonly when: readonly Problem[]
  readonly reason: readonly Problem[]
}

/** A rule made ready, or everything that is wrong with its condition and its words. */
export function compileRule(
  definition: RuleDefinition,
  declarations: Declarations,
): ({ readonly ok: true; readonly rule: CompiledRule } | { readonly ok: false; readonly problems: RuleProblems }) & {
  readonly warnings: readonly Problem[]
} {
  const when = compileExpression(definition.when, declarations)
  const reason: CompiledTemplate | undefined =
    definition.reason === undefined ? undefined : compileTemplate(definition.reason, declarations)
  const { warnings } = when
  if (when.ok && reason?.ok !== false) {
    return { ok: true, rule: { definition, program: when.program, reason: reason?.template }, warnings }
  }
  const problems = { when: when.ok ? [] : when.problems, reason: reason?.ok === false ? reason.problems : [] }
  return { ok: false, problems, warnings }
}

/** What rules said of one transaction. */
export interface RuleAnswers {
  readonly hits: readonly RuleHit[]
  /** Ids of the rules that could not be evaluated because a value is missing. */
  readonly unknown: readonly string[]
}

/** What rules are asked with beside the subject. */
export interface RuleContext {
  readonly id: string
  readonly decidedAtMs: number
  readonly secret: Uint8Array
  isSnoozed(rule: string): boolean
  isFused(rule: string): boolean
}

interface Active extends CompiledRule {
  readonly state: 'live' | 'shadow'
  readonly fromMs: number
  readonly untilMs: number
}

const nothing: RuleAnswers = { hits: [], unknown: [] }

/** Rules that are live or in shadow, made ready to be asked of one transaction after the other. */
export class RuleSet {
  readonly #active: readonly Active[]
  readonly #ask: ReturnType<typeof indexPrograms>

  constructor(rules: readonly CompiledRule[]) {
    this.#active = rules.flatMap((rule) => {
      const { state, from, until } = rule.definition
      if (state !== 'live' && state !== 'shadow') return []
      const fromMs = from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from)
      return { ...rule, state, fromMs, untilMs: until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until) }
    })
    this.#ask = indexPrograms(this.#active.map(({ program }) => ({ ...program, evaluate: orUnknown(program) })))
  }

  get size(): number {
    return this.#active.length
  }

  /** What the rules say, in the order in which they were given. */
  ask(subject: Subject, context: RuleContext): RuleAnswers {
    if (this.#active.length === 0) return nothing
    const { true: spoke, unknown } = this.#ask(subject)
    if (spoke.length === 0 && unknown.length === 0) return nothing
    const { decidedAtMs } = context
    const inTime = (places: readonly number[]) =>
      places
        .map((place) => this.#active[place])
        .filter(({ fromMs, untilMs }) => fromMs <= decidedAtMs && decidedAtMs < untilMs)
    return {
      hits: inTime(spoke).map((rule) => hitOf(rule, subject, context)),
      unknown: inTime(unknown).map(({ definition }) => definition.id),
    }
  }
}

function hitOf({ definition, state, reason }: Active, subject: Subject, context: RuleContext): RuleHit {
  const { id, then: outcome, strength = 'plain', tags = [] } = definition
  const text = reason?.render(subject) ?? `The rule ${id} applies`
  return {
    ...{ id, outcome, strength, tags, reason: { code: `rule:${id}`, text } },
    state: state === 'live' ? stateOf(definition, context) : state,
  }
}

/** In this order, so that a fuse counts only what would have an effect without it. */
function stateOf({ id, share = 1 }: RuleDefinition, context: RuleContext): RuleHit['state'] {
  if (context.isSnoozed(id)) return 'snoozed'
  if (share < 1 && draw(context.secret, `rule:${id}`, context.id) >= share) return 'undrawn'
  return context.isFused(id) ? 'fused' : 'live'
}

/** A rule that fails is unknown: it must not stop payments. */
function orUnknown({ evaluate }: Program): Program['evaluate'] {
  return (subject) => {
    try {
      return evaluate(subject)
    } catch {
      return undefined
    }
  }
}
