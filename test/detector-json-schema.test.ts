import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { parseDetectorFile } from '../src/detector/detector.ts'
import { compileFeatures } from '../src/features/feature-set.ts'
import { detectorJsonSchema } from './detector-json-schema.ts'

const file = 'detectors/detector.schema.json'
const accepts = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(detectorJsonSchema())

test('the schema that editors use is what the code says', () => {
  const schema = detectorJsonSchema()
  // UPDATE_SCHEMA=1 writes it again; then npm run format.
  if (process.env.UPDATE_SCHEMA === '1') writeFileSync(file, JSON.stringify(schema))
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(JSON.stringify(schema)))
})

for (const name of readdirSync('detectors').filter((each) => each.endsWith('.yaml'))) {
  test(`detectors/${name} is accepted by editors and by the code, and names the schema`, () => {
    const text = readFileSync(`detectors/${name}`, 'utf8')
    assert.ok(accepts(parse(text)), JSON.stringify(accepts.errors))
    assert.ok(compileFeatures(parseDetectorFile(text, name)).names.length > 0)
    assert.match(text, /^# yaml-language-server: \$schema=\.\/detector\.schema\.json\n/)
  })
}

test('the schema refuses what the code refuses: a misspelt kind, parameter or field', () => {
  const detector = parse(readFileSync('detectors/handbook.yaml', 'utf8'))
  assert.ok(!accepts({ ...detector, features: [{ cuont: { by: 'customer', over: '7d' } }] }))
  assert.ok(!accepts({ ...detector, features: [{ count: { by: 'customer', ovr: '7d' } }] }))
  assert.ok(!accepts({ ...detector, feature: ['amount'] }))
})
