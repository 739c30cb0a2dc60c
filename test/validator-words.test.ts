import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseKeyFile } from '../src/access/keys.ts'
import { FraudError } from '../src/core/errors.ts'
import { formatYaml } from '../src/core/yaml-file.ts'
import { z } from '../src/core/zod.ts'
import { readLabel } from '../src/deciding/labels.ts'
import { parseDetector } from '../src/detector/detector.ts'
import { parseSpace } from '../src/evaluation/tuning/space.ts'
import { featureKinds } from '../src/features/definitions/index.ts'
import { compileDetector } from '../src/features/feature-set.ts'
import { wholeDetector } from '../src/learners/detector-model.ts'
import { type Learner, modelSchema } from '../src/learners/model-choice.ts'
import { readXgboost } from '../src/models/loaders/xgboost.ts'
import { openTestDecisions, startMs } from './service/decisions-fixture.ts'
import { buildTestService } from './service/fixture.ts'

const validatorsOwn =
  /Invalid (input|option|string|key|value|number|discriminator|element|ISO|date)|Too (big|small)|Unrecognized|: expected |, received |must match pattern|✖|\[object|undefined/

const wrong: readonly unknown[] = [
  ...[null, true, -1, 0, 1.5, 1e300, 2 ** 53, '', 'x', 'x'.repeat(2000), '7d', 'no name!'],
  ...[[], [1], ['x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x'], {}, { x: 1 }, { field: 7 }, [[]], [{}], [null]],
]
type Path = readonly string[]

const usual = {
  detector: 'cards',
  transaction: {
    id: 'id',
    time: { field: 'time', format: 'iso' },
    amount: { field: 'amount', digits: 2 },
    keys: { card: 'card' },
    fields: { city: 'city' },
    label: { field: 'fraud', delay: '7d' },
  },
  features: ['amount'],
}

/** Every place that a schema of objects knows, the whole of it included. */
function placesOf(schema: unknown, path: Path = []): readonly Path[] {
  const inner = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? schema.unwrap() : schema
  const parts = inner instanceof z.ZodObject ? Object.entries(inner.shape) : []
  return [path, ...parts.flatMap(([name, part]) => placesOf(part, [...path, name]))]
}

function changed(document: unknown, [name, ...rest]: Path, value: unknown): unknown {
  if (name === undefined) return value
  const object = typeof document === 'object' && document !== null && !Array.isArray(document) ? document : {}
  return { ...object, [name]: changed(Reflect.get(object, name), rest, value) }
}

/** What people are shown, where a value is refused. */
function refusals(read: () => unknown): readonly string[] {
  try {
    read()
    return []
  } catch (error) {
    assert.ok(error instanceof FraudError, `not an error for people: ${error}`)
    return [error.message, ...error.errors.map(({ reason }) => reason)]
  }
}

function check(what: string, refused: readonly string[], least: number): void {
  assert.ok(refused.length >= least, `${what}: only ${refused.length} refusals were seen`)
  for (const message of refused) assert.doesNotMatch(message, validatorsOwn, what)
}

test('a detector of wrong values is refused in plain words, at each of its places', () => {
  const places = placesOf(wholeDetector)
  assert.ok(places.length > 60)
  for (const place of places) {
    const refused = wrong.flatMap((value) =>
      refusals(() => compileDetector(parseDetector(changed(usual, place, value), wholeDetector))),
    )
    check(place.join('.'), refused, 10)
  }
  for (const list of ['features', 'model.average', 'model.hidden', 'model.categories', 'transaction.personal']) {
    const refused = wrong.flatMap((value) =>
      refusals(() => parseDetector(changed(usual, list.split('.'), [value]), wholeDetector)),
    )
    check(list, refused, 10)
  }
  for (const record of ['transaction.keys', 'transaction.fields', 'model.monotone', 'reasons'])
    for (const name of ['card', 'Not a name!', ''])
      check(
        record,
        wrong.flatMap((value) =>
          refusals(() => parseDetector(changed(usual, [...record.split('.'), name], value), wholeDetector)),
        ),
        10,
      )
})

test('parameters of features are refused in plain words', () => {
  for (const { kind, parameters } of featureKinds) {
    const names = placesOf(parameters)
    for (const place of [...names, ['unknown']]) {
      const refused = wrong.flatMap((value) => {
        const declared = changed({}, place, value)
        return refusals(() => compileDetector(parseDetector({ ...usual, features: [{ [kind]: declared }] })))
      })
      check(`${kind} ${place.join('.')}`, refused, 5)
    }
  }
})

test('a space file of wrong values is refused in plain words', () => {
  const options = Object.keys(modelSchema.shape)
  const space = { learner: 'random-forest', seed: 1, space: { 'random-forest': { maxDepth: { from: 2, to: 5 } } } }
  const inner = ['space', 'random-forest']
  const ends = ['from', 'to', 'scale', 'whole', 'step'].map((end) => [...inner, 'maxDepth', end])
  const places = [[], ['learner'], ['seed'], ['space'], inner, ...ends, ...options.map((name) => [...inner, name])]
  const read = (value: unknown) => parseSpace(formatYaml(value), 'space.yaml', (_: Learner) => options)
  for (const place of places) {
    const refused = wrong.flatMap((value) => refusals(() => read(changed(space, place, value))))
    check(place.join('.'), refused, place.at(-1) === 'seed' ? 5 : 3)
  }
})

test('files of keys, models of others and labels are refused in plain words', () => {
  const key = { name: 'a', roles: ['score'], sha256: '0'.repeat(64), createdAt: '2026-11-22T09:00:00Z' }
  for (const place of [[], ['version'], ['keys']])
    check(
      'keys',
      wrong.flatMap((value) =>
        refusals(() => parseKeyFile(JSON.stringify(changed({ version: 1, keys: [key] }, place, value)))),
      ),
      10,
    )
  for (const name of Object.keys(key)) {
    const file = (value: unknown) => JSON.stringify({ version: 1, keys: [{ ...key, [name]: value }] })
    check(
      name,
      wrong.flatMap((value) => refusals(() => parseKeyFile(file(value)))),
      10,
    )
  }
  for (const place of [
    '',
    'learner',
    'learner.attributes',
    'learner.feature_names',
    'learner.gradient_booster',
    'version',
  ])
    check(
      place,
      wrong.flatMap((value) => refusals(() => readXgboost(changed({}, place === '' ? [] : place.split('.'), value)))),
      10,
    )
  for (const name of ['transactionId', 'isFraud', 'knownAt', 'source', 'other']) {
    const label = (value: unknown) => ({ transactionId: 't', isFraud: true, [name]: value })
    check(
      name,
      wrong.flatMap((value) => refusals(() => readLabel(label(value), startMs, 0))),
      10,
    )
  }
})

test('requests of wrong values are refused in plain words', async (t) => {
  const running = await openTestDecisions({})
  t.after(() => running.close())
  await running.service.resume()
  const { app } = await buildTestService({ decisions: running.service, metrics: running.metrics })
  t.after(() => app.close())
  const bodies = {
    '/v1/decisions': { ID: 't', TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's' },
    '/v1/labels': { transactionId: 't', isFraud: true, knownAt: null, source: null },
    '/v1/search': { key: 'card', value: 'c', text: undefined, from: undefined, limit: 1, minScore: 0 },
    '/v1/erasures': { key: 'card', value: 'c' },
    '/predict/': { V1: 1 },
  }
  for (const [url, body] of Object.entries(bodies)) {
    for (const place of [[], ...Object.keys(body).map((name) => [name])]) {
      for (const value of wrong) {
        const payload = JSON.stringify(changed(body, place, value))
        const answer = await app.inject({
          method: 'POST',
          url,
          payload,
          headers: { 'content-type': 'application/json' },
        })
        assert.ok(answer.statusCode < 500, answer.body)
        if (answer.statusCode >= 400) check(url, [answer.body], 1)
      }
    }
  }
  for (const name of ['outcome', 'from', 'to', 'minScore', 'limit', 'cursor', 'key', 'other']) {
    for (const value of ['', 'x', '-1', '1e9', '%00', 'x&limit=2', '{}']) {
      const answer = await app.inject(`/v1/decisions?${name}=${value}`)
      assert.equal(answer.statusCode, 422, `${name}=${value}`)
      check(name, [answer.body], 1)
    }
  }
})
