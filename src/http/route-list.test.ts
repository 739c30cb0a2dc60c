import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fastify from 'fastify'
import { buildTestService } from '../../test/service/fixture.ts'
import { guardRoutes } from './add-routes.ts'
import type { HttpContext } from './http-context.ts'
import type { Route } from './route.ts'
import { accessRoutes, approvalRoutes, decidingRoutes, jobRoutes, modelRoutes, routes } from './route-list.ts'
import { docs } from './routes/docs.ts'

const all = [...routes, ...decidingRoutes, ...jobRoutes, ...modelRoutes, ...accessRoutes, ...approvalRoutes, docs]

describe('the list of routes', () => {
  test('is the table of docs/reference/http.md, with who may call each and what it does', () => {
    const [, section = ''] = readFileSync('docs/reference/http.md', 'utf8').split('\n## Access\n')
    const rows = [...section.matchAll(/^\| `((?:GET|POST|PUT|DELETE) \/\S*)` \| (.+?) \| (.+?) \|$/gm)].map(
      ([, ...cells]) => cells,
    )
    const access = (role: string) => (role === 'any key' || role === 'anyone' ? role : `\`${role}\``)
    assert.deepEqual(
      rows.sort(),
      all.map(({ method, path, role, summary }) => [`${method} ${path}`, access(role), summary]).sort(),
    )
  })

  test('names each path and method once', () => {
    const names = all.map(({ method, path }) => `${method} ${path}`)
    assert.deepEqual([...new Set(names)], names)
  })

  test('has every route say its role, or it does not compile', () => {
    const page = { method: 'GET', path: '/new', summary: 'New', answers: 'page', handle: () => () => 'new' } as const
    // @ts-expect-error: nobody said who may call it.
    const unguarded: Route = page
    const guarded: Route = { ...page, role: 'admin' }
    assert.deepEqual({ ...unguarded, role: 'admin' }, guarded)
  })

  test('keeps a service from starting with a route that is not in it', async () => {
    const { app } = await buildTestService()
    await app.close()
    const other = fastify()
    guardRoutes(other, {} as HttpContext, () => undefined)
    assert.throws(() => other.post('/v1/new', () => 'open to all'), /POST \/v1\/new is not in the list of routes/)
    assert.throws(() => other.get('/docs-of-others', () => 'open to all'), /GET \/docs-of-others is not/)
  })
})
