import { compileExpression, type Declarations, type Program, type Subject } from '../language/index.ts'
import type { Definitions } from './definitions.ts'
import type { ListDefinition } from './list-definition.ts'
import type { ListEntries } from './list-entries.ts'
import { opinionOfList } from './lists.ts'
import type { PolicyDefinition } from './policy-definition.ts'
import type { ListHit } from './policy-trace.ts'
import type { RuleSet } from './rule-set.ts'
import type { Thresholds } from './thresholds.ts'

export interface Segment {
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

/** Definitions made ready to be asked of one transaction after the other. */
export interface CompiledPolicy {
  readonly rules: RuleSet
  readonly segments: readonly Segment[]
  readonly lists: readonly SpeakingList[]
}

/** @param ready rules that were made ready before, told of those that changed since. */
export function compilePolicy(
  { policy, rules, lists }: Definitions,
  declarations: Declarations,
  ready: RuleSet,
  entriesOf: (name: string) => ListEntries | undefined,
): CompiledPolicy {
  ready.refresh((id) => rules.get(id), declarations)
  const segments = compileSegments(policy, declarations)
  const speaking = [...lists.values()].flatMap((list) => speakingList(list, declarations, entriesOf(list.name)))
  return { rules: ready, segments, lists: speaking }
}

export function compileSegments({ segments = [] }: PolicyDefinition, declarations: Declarations): readonly Segment[] {
  return segments.flatMap(({ name, when, thresholds }): Segment[] => {
    const compiled = compileExpression(when, declarations)
    return compiled.ok ? [{ name, program: compiled.program, thresholds }] : []
  })
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
