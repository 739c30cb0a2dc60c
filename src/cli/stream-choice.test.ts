import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import { withFlags } from './flag-names.ts'
import { readChoice, type TopicFlags } from './stream-choice.ts'

test('flags of a stream name topics of one cluster, with the login of the environment', () => {
  const flags = { in: 'kafkas://one,two:9093/a', out: 'kafkas://one:9092,two:9093/b', from: 'latest' } as const
  const env = { SHRIKE_KAFKA_USERNAME: 'u', SHRIKE_KAFKA_PASSWORD: 'p', SHRIKE_KAFKA_MECHANISM: 'SCRAM-SHA-512' }
  const none = { labels: undefined, deadLetters: undefined, cases: undefined, alerts: undefined }
  assert.deepEqual(readChoice(flags, env), {
    in: { cluster: { brokers: ['one:9092', 'two:9093'], isTls: true }, topic: 'a' },
    out: 'b',
    ...none,
    from: 'latest',
    login: { mechanism: 'SCRAM-SHA-512', username: 'u', password: 'p' },
  })
  assert.equal(readChoice({ in: '-', out: '-' }, env), 'lines')
  assert.throws(() => readChoice(flags, { ...env, SHRIKE_KAFKA_MECHANISM: 'MD5' }), /must be one of PLAIN, SCRAM/)
})

test('flags of a stream that do not go together are refused', () => {
  const [a, b] = ['kafka://x/a', 'kafka://x/b']
  const refused: readonly (readonly [TopicFlags, RegExp])[] = [
    [{ in: '-', out: a }, /--in and --out are both topics, or both -/],
    [{ in: '-', out: '-', cases: a }, /--cases is of topics/],
    [{ in: 'x/a', out: a }, /--in must be kafka:\/\/HOST:PORT/],
    [{ in: 'kafka://x:y/a', out: a }, /--in must be kafka:\/\/HOST:PORT/],
    [{ in: 'kafka://u:p@x/a', out: a }, /--in must not hold a password: SHRIKE_KAFKA_USERNAME/],
    [{ in: a, out: 'kafka://y/b' }, /--out must be a topic of the cluster of --in/],
    [{ in: a, out: 'kafkas://x/b' }, /--out must be a topic of the cluster of --in/],
    [{ in: a, out: a }, /each need a topic of their own: a is named twice/],
    [{ in: a, out: b, labels: 'kafka://x/c' }, /--labels needs --dead-letters/],
  ]
  for (const [flags, message] of refused) {
    assert.throws(
      () => readChoice(flags, {}),
      (error) => {
        assert.ok(error instanceof FraudError && error.code === 'OPTION_INVALID')
        assert.match(withFlags(error.message), message)
        assert.doesNotMatch(error.message, /u:p/)
        return true
      },
    )
  }
})
