import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { buildTestService, logistic } from '../../test/service/fixture.ts'

const inputs = [...Array.from({ length: 28 }, (_, index) => `V${index + 1}`), 'Amount']
const names = { odd: ['a "quoted" name', '__proto__', 'naïve/name~1'], card: inputs }

describe('the OpenAPI document', () => {
  for (const [kind, fields] of Object.entries(names)) {
    for (const apiKeys of [[], ['a-key-of-sixteen-characters']]) {
      test(`is valid 3.1 for ${kind} names, ${apiKeys.length === 0 ? 'open' : 'guarded'}`, async () => {
        const { app } = await buildTestService({ apiKeys }, logistic('card@0123456789ab', fields))
        const headers = { authorization: `Bearer ${apiKeys[0]}` }
        const document = (await app.inject({ url: '/openapi.json', headers })).json()
        const validator = new Validator()
        const { valid, errors } = await validator.validate(document)
        assert.deepEqual(errors ?? [], [])
        assert(valid)
        assert.equal(validator.version, '3.1')
        assert.deepEqual(document.components.schemas.Input.required, fields)
        assert.deepEqual(Object.keys(document.components.schemas.Input.properties), fields)
      })
    }
  }

  for (const [kind, fields] of Object.entries({ card: inputs, nested: ['payment.amount', 'payment.card.age', 'V1'] }))
    test(`carries an example that its own schema and the service accept, and the service's answers fit: ${kind} names`, async () => {
      const { app } = await buildTestService({}, logistic('card@0123456789ab', fields))
      const document = (await app.inject('/openapi.json')).json()
      const ajv = new Ajv2020({ strict: false })
      ajv.addSchema(document, 'api')
      const check = (schema: string, value: unknown) => {
        const validate = ajv.compile({ $ref: `api#/components/schemas/${schema}` })
        assert(validate(value), JSON.stringify(validate.errors))
      }
      const { example } = document.paths['/predict/'].post.requestBody.content['application/json']
      check('Input', example)
      assert.equal(JSON.stringify(example).includes('.card.'), false)
      const answer = await app.inject({ method: 'POST', url: '/predict/', payload: example })
      assert.equal(answer.statusCode, 200)
      check('Prediction', answer.json())
      check('Problem', (await app.inject({ method: 'POST', url: '/predict/', payload: {} })).json())
      const items = await app.inject({ method: 'POST', url: '/predict/batch', payload: [{}] })
      check('ItemError', items.json()[0])
    })

  test('describes every route that is no page, and the docs read the same document', async () => {
    const { app } = await buildTestService()
    const document = (await app.inject('/openapi.json')).json()
    assert.deepEqual((await app.inject('/docs/json')).json(), document)
    for (const [path, operations] of Object.entries<object>(document.paths)) {
      for (const method of Object.keys(operations)) {
        assert(app.hasRoute({ url: path, method: method === 'post' ? 'POST' : 'GET' }), path)
      }
    }
    const pages = ['/', '/docs', '/docs/']
    const described = app
      .printRoutes({ commonPrefix: false })
      .split('\n')
      .flatMap((line) => /─ (\/[\w./]*) \(/.exec(line)?.[1] ?? [])
      .filter((path) => !pages.includes(path) && !path.startsWith('/docs/'))
    assert.deepEqual(
      described.filter((path) => !(path in document.paths)),
      [],
    )
  })
})
