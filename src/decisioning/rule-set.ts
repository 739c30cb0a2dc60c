import { pushTo } from '../core/push-to.ts'
import type { Steps } from '../core/time-slices.ts'
import {
  type CompiledTemplate,
  compileExpression,
  compileTemplate,
  type Declarations,
  type Problem,
  type Program,
  ProgramIndex,
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
  /** Of its reason. */
  readonly code: string
  readonly fromMs: number
  readonly untilMs: number
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
    const { from, until } = definition
    const rule: CompiledRule = {
      ...{ definition, reason: reason?.template, code: `rule:${definition.id}` },
      program: when.program,
      fromMs: from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from),
      untilMs: until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until),
    }
    return { ok: true, rule, warnings }
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

const noTags: readonly string[] = []
const noHits: readonly RuleHit[] = []
const nothing: RuleAnswers = { hits: noHits, unknown: [] }

/** A rule that can't be asked: the detector lacks what it speaks of. It is unknown until then. */
export interface BrokenRule {
  readonly id: string
  readonly problems: RuleProblems
}

/** So many places stay free before all are given again. */
const mostFree = 64

/**
 * Rules that are live or in shadow, made ready to be asked of one transaction after the other. It is told of each that
 * changes, and makes ready only those: a change costs what it changes.
 */
export class RuleSet {
  /** In their order; where a rule went, its place stays free. */
  #rules: (CompiledRule | undefined)[] = []
  readonly #places = new Map<string, number>()
  /** Ids and places of rules that have changed since they were made ready. */
  readonly #changed = new Map<string, number>()
  readonly #broken = new Map<string, RuleProblems>()
  /** A rollback brings back definitions that were there before. */
  readonly #compiled = new WeakMap<RuleDefinition, CompiledRule>()
  #index = new ProgramIndex()
  #size = 0

  get size(): number {
    return this.#size
  }

  get broken(): readonly BrokenRule[] {
    return [...this.#broken].map(([id, problems]) => ({ id, problems }))
  }

  /** Whether a rule's condition speaks of a name. */
  reads(id: string, name: string): boolean {
    const place = this.#places.get(id)
    return place !== undefined && this.#rules[place]?.program.names.includes(name) === true
  }

  /** A rule comes last, or takes the place of the one with its id. */
  put(id: string): void {
    const place = this.#places.get(id) ?? this.#rules.push(undefined) - 1
    this.#places.set(id, place)
    this.#changed.set(id, place)
  }

  remove(id: string): void {
    const place = this.#places.get(id)
    if (place === undefined) return
    this.#set(place, undefined)
    this.#places.delete(id)
    this.#changed.delete(id)
    this.#broken.delete(id)
    if (this.#rules.length > mostFree + 2 * this.#places.size) this.reset([...this.#places.keys()])
  }

  /** Begins again, with rules in another order. */
  reset(ids: Iterable<string>): void {
    this.#rules = []
    this.#places.clear()
    this.#changed.clear()
    this.#broken.clear()
    this.#index = new ProgramIndex()
    this.#size = 0
    for (const id of ids) this.put(id)
  }

  /** Compiles what has changed, for `refresh` to find. */
  *makeReady(definitionOf: (id: string) => RuleDefinition | undefined, declarations: Declarations): Steps {
    for (const id of this.#changed.keys()) {
      const definition = definitionOf(id)
      if (definition !== undefined) this.#compile(definition, declarations)
      yield
    }
  }

  /** Makes ready what has changed. */
  refresh(definitionOf: (id: string) => RuleDefinition | undefined, declarations: Declarations): void {
    for (const [id, place] of this.#changed) {
      const definition = definitionOf(id)
      this.#broken.delete(id)
      this.#set(place, definition && this.#compile(definition, declarations))
    }
    this.#changed.clear()
  }

  /** What the rules say, in the order in which they were given. */
  ask(subject: Subject, context: RuleContext): RuleAnswers {
    if (this.#size === 0) return nothing
    const { true: spoke, unknown } = this.#index.ask(subject)
    if (spoke.length === 0 && unknown.length === 0) return nothing
    let found: RuleHit[] | undefined
    for (let i = 0; i < spoke.length; i++) {
      const rule = this.#inTime(spoke[i], context)
      if (rule !== undefined) found = pushTo(found, hitOf(rule, subject, context))
    }
    const hits = found ?? noHits
    if (unknown.length === 0) return { hits, unknown: nothing.unknown }
    return { hits, unknown: unknown.flatMap((place) => this.#inTime(place, context)?.definition.id ?? []) }
  }

  #inTime(place: number, { decidedAtMs }: RuleContext): CompiledRule | undefined {
    const rule = this.#rules[place]
    return rule !== undefined && rule.fromMs <= decidedAtMs && decidedAtMs < rule.untilMs ? rule : undefined
  }

  #compile(definition: RuleDefinition, declarations: Declarations): CompiledRule | undefined {
    const known = this.#compiled.get(definition)
    if (known !== undefined) return known
    const compiled = compileRule(definition, declarations)
    if (compiled.ok) this.#compiled.set(definition, compiled.rule)
    else this.#broken.set(definition.id, compiled.problems)
    return compiled.ok ? compiled.rule : undefined
  }

  #set(place: number, rule: CompiledRule | undefined): void {
    this.#size += programOf(rule) === undefined ? 0 : 1
    this.#size -= programOf(this.#rules[place]) === undefined ? 0 : 1
    this.#rules[place] = rule
    this.#index.set(place, programOf(rule))
  }
}

/** What is to be asked of a rule; undefined of a draft, and of one that is off. */
function programOf(rule: CompiledRule | undefined): Program | undefined {
  const state = rule?.definition.state
  return state === 'live' || state === 'shadow' ? rule?.program : undefined
}

function hitOf({ definition, reason, code }: CompiledRule, subject: Subject, context: RuleContext): RuleHit {
  const { id, then: outcome, strength = 'plain', tags = noTags } = definition
  const text = reason === undefined ? `The rule ${id} applies` : reason.render(subject)
  const state = definition.state === 'shadow' ? 'shadow' : stateOf(definition, context)
  return { id, outcome, strength, tags, reason: { code, text }, state }
}

/** In this order, so that a fuse counts only what would have an effect without it. */
function stateOf({ id, share = 1 }: RuleDefinition, context: RuleContext): RuleHit['state'] {
  if (context.isSnoozed(id)) return 'snoozed'
  if (share < 1 && draw(context.secret, `rule:${id}`, context.id) >= share) return 'undrawn'
  return context.isFused(id) ? 'fused' : 'live'
}
