import { ValueReader, ValueWriter } from '../log/packed-values.ts'
import { type DecisionEntry, decodeEntry, encodeEntry, type IntakeEntry } from './entries.ts'
import type { Answer, Reply } from './replies.ts'

const kinds = ['part', 'home', 'label'] as const
const scratch = new ValueWriter()

/** A reply as it goes from one replica to another. */
export function encodeReply({ to, answer }: Reply): Uint8Array {
  scratch.clear()
  scratch.text(to.front)
  scratch.whole(to.question)
  scratch.byte(kinds.indexOf(answer.kind))
  if (answer.kind === 'label') scratch.byte(answer.isPending ? 1 : 0)
  else if (answer.kind === 'part') {
    scratch.text(answer.lane)
    scratch.number(answer.position)
    scratch.byte(answer.isCapped ? 1 : 0)
    scratch.whole(answer.values.length)
    for (const value of answer.values) scratch.number(value)
  } else {
    const bytes = scratch.bytes.slice()
    const [intake, decision] = [encodeEntry(answer.intake), answer.decision && encodeEntry(answer.decision)]
    scratch.clear()
    scratch.raw(bytes)
    for (const entry of [intake, decision ?? new Uint8Array()]) {
      scratch.whole(entry.length)
      scratch.raw(entry)
    }
  }
  return scratch.bytes.slice()
}

/** @throws RangeError, FraudError LOG_INVALID where the bytes are not a reply. */
export function decodeReply(bytes: Uint8Array): Reply {
  const from = new ValueReader(bytes)
  const to = { front: from.text(), question: from.whole() }
  return { to, answer: readAnswer(from) }
}

function readAnswer(from: ValueReader): Answer {
  const kind = kinds[from.byte()]
  if (kind === 'label') return { kind, isPending: from.byte() === 1 }
  if (kind === 'part') {
    const lane = from.text()
    const position = from.number()
    const isCapped = from.byte() === 1
    return { kind, lane, position, isCapped, values: Array.from({ length: from.whole() }, () => from.number()) }
  }
  const [intake, decision] = [from.raw(from.whole()), from.raw(from.whole())]
  return {
    kind: 'home',
    intake: readIntake(intake),
    decision: decision.length === 0 ? undefined : readDecision(decision),
  }
}

function readIntake(bytes: Uint8Array): IntakeEntry {
  const entry = decodeEntry(bytes, 'a reply')
  if (entry.kind !== 'intake') throw new RangeError('a reply tells of an intake')
  return entry
}

function readDecision(bytes: Uint8Array): DecisionEntry {
  const entry = decodeEntry(bytes, 'a reply')
  if (entry.kind !== 'decision') throw new RangeError('a reply tells of a decision')
  return entry
}
