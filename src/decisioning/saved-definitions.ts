import { FraudError } from '../core/errors.ts'
import type { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Definitions } from './definitions.ts'
import type { ListDefinition } from './list-definition.ts'
import type { PolicyDefinition } from './policy-definition.ts'
import type { RuleDefinition } from './rule-definition.ts'

// A snapshot bears a hash, and under a key a MAC, so what is read was written here.

export function* writeDefinitions(writer: StateWriter, { policy, rules, lists }: Definitions): Generator<Uint8Array> {
  writer.text(JSON.stringify(policy))
  yield* writeAll(writer, rules.values())
  yield* writeAll(writer, lists.values())
}

export function readDefinitions(reader: StateReader): Definitions {
  const policy = readJson<PolicyDefinition>(reader)
  const rules = readAll<RuleDefinition>(reader)
  const lists = readAll<ListDefinition>(reader)
  return {
    policy,
    rules: new Map(rules.map((rule) => [rule.id, rule])),
    lists: new Map(lists.map((list) => [list.name, list])),
  }
}

/** As many as were written before them. */
export function readAll<Part>(reader: StateReader): readonly Part[] {
  return Array.from({ length: reader.count(2 ** 24) }, () => readJson<Part>(reader))
}

export function* writeAll(writer: StateWriter, all: Iterable<unknown>): Generator<Uint8Array> {
  const parts = [...all]
  writer.double(parts.length)
  for (const part of parts) {
    writer.text(JSON.stringify(part))
    yield* writer.take()
  }
}

/** Throws SNAPSHOT_INVALID where it is not JSON. */
export function readJson<Part>(reader: StateReader): Part {
  const text = reader.text()
  try {
    const part: Part = JSON.parse(text)
    return part
  } catch (cause) {
    throw new FraudError('SNAPSHOT_INVALID', 'A snapshot holds what is not a part of a policy', { cause })
  }
}
