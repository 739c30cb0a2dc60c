import { type Opinion, opinionSources, strengths } from '../decisioning/opinion.ts'
import { hitStates, type ListHit, type RuleHit, type VersionedTrace } from '../decisioning/policy-trace.ts'
import { type Outcome, outcomes } from '../detector/detector-schema.ts'
import type { ValueReader, ValueWriter } from './packed-values.ts'
import { openSection, type SectionReaders, UnknownPart } from './record-sections.ts'

/** Sections of what a policy did to a decision: that of its version, then those that have something to say. */
export function writeTrace(trace: VersionedTrace, to: ValueWriter): void {
  const { version, opinion, rules, lists, control, fuses } = trace
  const policy = openSection('policy', to)
  to.whole(version)
  to.close(policy)
  if (opinion !== undefined) {
    const section = openSection('opinion', to)
    to.byte(opinionSources.indexOf(opinion.source))
    writeSaid(opinion, to)
    to.close(section)
  }
  if (rules !== undefined) {
    const section = openSection('rules', to)
    for (const rule of rules) writeRule(rule, to)
    to.close(section)
  }
  if (lists !== undefined) {
    const section = openSection('lists', to)
    for (const hit of lists) {
      to.whole(hit.entry)
      writeSaid(hit, to)
    }
    to.close(section)
  }
  if (control !== undefined) {
    const section = openSection('propensity', to)
    to.byte(outcomes.indexOf(control.wouldBe))
    to.number(control.propensity)
    to.close(section)
  }
  if (fuses !== undefined) {
    const section = openSection('fuses', to)
    to.byte(outcomes.indexOf(fuses.settled))
    for (const fuse of fuses.tripped) to.text(fuse)
    to.close(section)
  }
}

type Said = Pick<Opinion, 'id' | 'outcome' | 'strength' | 'reason'>

function writeSaid({ id, outcome, strength, reason }: Said, to: ValueWriter): void {
  to.text(id)
  to.byte(outcomes.indexOf(outcome))
  to.byte(strengths.indexOf(strength))
  to.text(reason.code)
  to.text(reason.text)
}

function writeRule({ id, state, outcome, strength, reason, tags }: RuleHit, to: ValueWriter): void {
  to.text(id)
  to.byte(hitStates.indexOf(state))
  to.byte(outcome === 'tag' ? 0 : outcomes.indexOf(outcome) + 1)
  to.byte(strengths.indexOf(strength))
  to.text(reason.code)
  to.text(reason.text)
  to.whole(tags.length)
  for (const tag of tags) to.text(tag)
}

/** What has been read of a trace. */
export type TraceSoFar = { -readonly [Field in keyof VersionedTrace]?: VersionedTrace[Field] }

/** Readers that fill in what they find. */
export const traceReaders: SectionReaders<{ readonly trace: TraceSoFar }> = {
  policy: (from, { trace }) => {
    trace.version = from.whole()
  },
  opinion: (from, { trace }) => {
    trace.opinion = { source: at(opinionSources, from.byte()), ...readSaid(from) }
  },
  rules: (from, { trace }) => {
    trace.rules = upToEnd(from, readRule)
  },
  lists: (from, { trace }) => {
    trace.lists = upToEnd(from, (hit): ListHit => ({ entry: hit.whole(), ...readSaid(hit) }))
  },
  propensity: (from, { trace }) => {
    trace.control = { wouldBe: at(outcomes, from.byte()), propensity: from.number() }
  },
  fuses: (from, { trace }) => {
    trace.fuses = { settled: at(outcomes, from.byte()), tripped: upToEnd(from, (fuse) => fuse.text()) }
  },
}

/** Undefined where no policy left a trace. Throws RangeError where one did that has no version. */
export function traceOf(found: TraceSoFar): VersionedTrace | undefined {
  const { version } = found
  if (version !== undefined) return Object.assign(found, { version })
  if (Object.keys(found).length > 0) throw new RangeError('what a policy did is there without its version')
  return undefined
}

function readSaid(from: ValueReader): Said {
  const id = from.text()
  const outcome = at(outcomes, from.byte())
  const strength = at(strengths, from.byte())
  return { id, outcome, strength, reason: { code: from.text(), text: from.text() } }
}

function readRule(from: ValueReader): RuleHit {
  const id = from.text()
  const state = at(hitStates, from.byte())
  const then = from.byte()
  const outcome: Outcome | 'tag' = then === 0 ? 'tag' : at(outcomes, then - 1)
  const strength = at(strengths, from.byte())
  const reason = { code: from.text(), text: from.text() }
  const tags = readTags(from)
  return { id, state, outcome, strength, reason, tags }
}

const noTags: readonly string[] = []

function readTags(from: ValueReader): readonly string[] {
  const count = from.whole()
  if (count === 0) return noTags
  const tags: string[] = []
  for (let left = count; left > 0; left--) tags.push(from.text())
  return tags
}

function upToEnd<Each>(from: ValueReader, read: (from: ValueReader) => Each): Each[] {
  const all: Each[] = []
  while (!from.isAtEnd) all.push(read(from))
  return all
}

/** The name at a position of a list that grows at its end. */
function at<Name>(list: readonly Name[], position: number): Name {
  const name = list[position]
  if (name === undefined) throw new UnknownPart(`position ${position} of a list of ${list.length}`)
  return name
}
