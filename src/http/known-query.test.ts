import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestDecisions } from '../../test/service/decisions-fixture.ts'
import { buildTestService } from '../../test/service/fixture.ts'

/** The tree of routes, each node of which adds to its parent's path. */
function routesOf(tree: string): readonly { readonly method: string; readonly path: string }[] {
  const paths: string[] = []
  return tree.split('\n').flatMap((line) => {
    const [, before = '', part = '', methods = ''] = /^(.*)── (\S+)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? []
    const depth = (before.length - 1) / 4
    if (part === '') return []
    paths[depth] = (paths[depth - 1] ?? '') + part
    return methods.split(', ').flatMap((method) => (method === '' ? [] : [{ method, path: paths[depth] }]))
  })
}

/** Load balancers and scrapers append parameters against caches. */
const probes = new Set(['/healthz', '/readyz', '/metrics'])

test('every route but probes refuses parameters that it does not know, and takes its own', async (t) => {
  const running = await openTestDecisions()
  t.after(() => running.close())
  await running.service.resume()
  const { app } = await buildTestService({ decisions: running.service, metrics: running.metrics })
  t.after(() => app.close())
  const routes = routesOf(app.printRoutes({ commonPrefix: false }))
  for (const path of [
    '/',
    '/predict/batch',
    '/v1/decisions/batch',
    '/v1/decisions/:id',
    '/v1/labels',
    '/v1/erasures',
    '/docs',
  ])
    assert.ok(
      routes.some((route) => route.path === path),
      path,
    )
  for (const { method, path } of routes) {
    // Behind a star are files of the page of docs; what the console's addresses say is its own.
    if ((method !== 'GET' && method !== 'POST') || path.endsWith('*') || path === '/console') continue
    const answer = await app.inject({ method, url: `${path}?unknwon=1` })
    if (probes.has(path)) {
      assert.equal(answer.statusCode, 200, path)
      continue
    }
    assert.equal(answer.statusCode, 422, `${method} ${path}`)
    assert.equal(answer.json().code, 'INPUT_INVALID')
    assert.equal(answer.json().errors[0].field, 'unknwon')
  }
  const explained = await app.inject('/v1/decisions/t-1?explian=true')
  assert.deepEqual(explained.json().errors, [{ field: 'explian', reason: 'did you mean explain?' }])
  assert.equal((await app.inject('/v1/decisions?limit=1')).statusCode, 200)
  assert.equal((await app.inject('/v1/decisions/t-1?explain=true')).statusCode, 404)
  const own = await app.inject('/openapi.json?x=1')
  assert.deepEqual(own.json().errors, [{ field: 'x', reason: 'is unknown: this route has no parameters' }])
  assert.equal((await app.inject('/nothing?x=1')).statusCode, 404)
})

test('asks for the key before it looks at parameters', async () => {
  const { app } = await buildTestService({ apiKeys: ['a-key-of-sixteen-characters'] })
  assert.equal((await app.inject('/metrics?x=1')).statusCode, 401)
})
