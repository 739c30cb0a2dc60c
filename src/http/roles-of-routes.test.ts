import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { openWholeService } from '../../test/service/whole-service.ts'
import { createKeyRing, digestKey } from '../access/keys.ts'
import { type Role, roles } from '../access/roles.ts'
import { accessRoutes, approvalRoutes, decidingRoutes, jobRoutes, modelRoutes, routes } from './route-list.ts'
import { docs } from './routes/docs.ts'

/** Written out once more, apart from the code: who may call what asks for a role. */
const mayCall: Readonly<Record<Role, readonly Role[]>> = {
  score: ['score', 'admin'],
  label: ['label', 'admin'],
  viewer: ['viewer', 'analyst', 'author', 'approver', 'admin'],
  analyst: ['analyst', 'admin'],
  author: ['author', 'admin'],
  approver: ['approver', 'admin'],
  admin: ['admin'],
}

const everyRoute = [
  ...routes,
  ...decidingRoutes,
  ...jobRoutes,
  ...modelRoutes,
  ...accessRoutes,
  ...approvalRoutes,
  docs,
]
const createdAt = '2026-11-22T09:00:00.000Z'
const own = { host: '127.0.0.1', origin: 'http://127.0.0.1' }

test('every route lets in the roles that the list names, with a key and with a session, and nobody else', async () => {
  const stored = roles.map((role) => ({ name: role, roles: [role], sha256: digestKey(`key-of-${role}`), createdAt }))
  const ring = createKeyRing([], stored)
  const whole = await openWholeService({ keyRing: () => ring })
  const { app, people } = whole
  try {
    await people.add('a-admin', 'admin')
    for (const role of roles) if (role !== 'admin') await people.add(`a-${role}`, role)
    let tried = 0
    for (const { method, path, role } of everyRoute) {
      const url = path.replaceAll(/\{\w+\}/g, 'unknown-here')
      const ask = async (headers: Record<string, string>) => {
        const answer = await app.inject({ method, url, headers: { ...own, ...headers }, payloadAsStream: true })
        const { statusCode } = answer
        // Events go on until somebody leaves.
        const goesOn = String(answer.headers['content-type']).startsWith('text/event-stream')
        if (goesOn) answer.stream().destroy()
        const body = goesOn ? '' : await text(answer.stream())
        assert.ok(statusCode < 500 || url === '/readyz', `${method} ${url}: ${body}`)
        return { statusCode, code: statusCode < 400 ? undefined : /"code":"(\w+)"/.exec(body)?.[1] }
      }
      const isOpen = role === 'anyone'
      for (const headers of [{}, { authorization: 'Bearer wrong' }, { cookie: 'shrike_session=wrong' }]) {
        const { code } = await ask(headers)
        assert.equal(code === 'UNAUTHORIZED', !isOpen, `${method} ${path} with ${JSON.stringify(headers)}: ${code}`)
      }
      for (const held of roles) {
        const isAllowed = isOpen || role === 'any key' || mayCall[role].includes(held)
        const { token } = people.accounts.beginOf(`some-${held}`, [held])
        for (const headers of [{ authorization: `Bearer key-of-${held}` }, { cookie: `shrike_session=${token}` }]) {
          const { code, statusCode } = await ask(headers as Record<string, string>)
          const isRefused = code === 'FORBIDDEN' && !(path === '/v1/sessions/password')
          assert.equal(isRefused, !isAllowed, `${method} ${path} as ${held}: ${statusCode} ${code}`)
          assert.notEqual(isAllowed && code, 'UNAUTHORIZED', `${method} ${path} as ${held}`)
          tried += 1
        }
      }
    }
    assert.equal(tried, everyRoute.length * roles.length * 2)
  } finally {
    await whole.close()
  }
})

test('what changes something asks for more than to look at it', () => {
  const readers: readonly string[] = ['viewer', 'any key', 'anyone']
  // A login is how somebody comes to have a role; a check changes nothing; predictions are of the recipe's contract.
  const free = ['POST /v1/sessions', 'DELETE /v1/sessions', 'POST /v1/sessions/password']
  const lax = everyRoute
    .filter(({ method, role }) => method !== 'GET' && readers.includes(role))
    .map(({ method, path }) => `${method} ${path}`)
    .filter((name) => !free.includes(name) && !name.endsWith('/check'))
  assert.deepEqual(lax, [])
})
