import { Environment } from '@marcbachmann/cel-js'
import { Duration } from '@marcbachmann/cel-js/evaluator'
import type { ScalarType, Value } from '../../src/language/index.ts'
import { declarations } from './declared.ts'

const peerTypes: Readonly<Record<ScalarType, string>> = {
  bool: 'bool',
  int: 'int',
  double: 'double',
  string: 'string',
  token: 'string',
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
}

const environment = new Environment().registerVariable('lists', 'map<string, list<string>>')
for (const [name, { type }] of declarations.names) {
  if (/^\w+$/.test(name)) environment.registerVariable(name, peerTypes[type])
}

export interface PeerProgram {
  evaluate(values: Readonly<Record<string, Value>>): boolean | undefined
}

/** What the peer library makes of an expression; its reason where it refuses it. */
export function compileByPeer(text: string): PeerProgram | string {
  const { valid, error } = environment.check(text)
  if (!valid) return error?.message.split('\n')[0] ?? 'invalid'
  const evaluate = environment.parse(text)
  const program = {
    evaluate: (values: Readonly<Record<string, Value>>): boolean | undefined => {
      try {
        return evaluate(contextOf(values)) === true
      } catch {
        return undefined
      }
    },
  }
  return program
}

/** A missing value is a missing variable, which the peer reports as an error. */
function contextOf(values: Readonly<Record<string, Value>>): Record<string, unknown> {
  const context: Record<string, unknown> = { lists: { blocked: ['d1', 'XX'] } }
  for (const [name, value] of Object.entries(values)) {
    const type = declarations.names.get(name)?.type
    if (value === undefined) continue
    if (typeof value !== 'number') context[name] = value
    else if (type === 'int') context[name] = BigInt(value)
    else if (type === 'timestamp') context[name] = new Date(value)
    else context[name] = type === 'duration' ? Duration.fromMilliseconds(value) : value
  }
  return context
}
