import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { buildTestService } from '../../test/service/fixture.ts'

describe('GET /console', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shrike-console-'))
    await writeFile(join(folder, 'index.html'), `<!doctype html><title>console</title>${' '.repeat(500)}`)
    const assets = join(folder, 'assets')
    await mkdir(assets)
    await writeFile(join(assets, 'page-abc123.js'), `console.log(1)${'\n'.repeat(500)}`)
  })
  after(() => rm(folder, { recursive: true }))

  test('sends its first page for every address in it, to anyone, whatever its parameters', async () => {
    const { app } = await buildTestService({ consoleFolder: folder, apiKeys: ['a-key-of-sixteen-characters'] })
    for (const url of ['/console', '/console/', '/console/cases/c-1?sort=age', '/console/rules/a%2Fb']) {
      const answer = await app.inject({ url, headers: { accept: 'text/html' } })
      assert.equal(answer.statusCode, 200, url)
      assert.match(answer.body, /<title>console/)
      assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
      assert.equal(answer.headers['cache-control'], 'no-cache')
      const policy = String(answer.headers['content-security-policy'])
      assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
      assert.match(policy, /frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'/)
      assert.doesNotMatch(policy, /unsafe/)
      assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    }
  })

  test('sends files whose names hold their content to be kept for ever, compressed for those who take it', async () => {
    const { app } = await buildTestService({ consoleFolder: folder })
    const url = '/console/assets/page-abc123.js'
    const plain = await app.inject({ url })
    assert.equal(plain.headers['content-type'], 'text/javascript; charset=utf-8')
    assert.match(String(plain.headers['cache-control']), /immutable/)
    assert.equal(plain.headers['content-encoding'], undefined)
    const small = await app.inject({ url, headers: { 'accept-encoding': 'br, gzip' } })
    assert.equal(small.headers['content-encoding'], 'gzip')
    assert.equal(gunzipSync(small.rawPayload).toString(), plain.body)
    const refusing = await app.inject({ url, headers: { 'accept-encoding': 'gzip;q=0' } })
    assert.equal(refusing.headers['content-encoding'], undefined)
    const known = await app.inject({ url, headers: { 'if-none-match': String(plain.headers.etag) } })
    assert.equal(known.statusCode, 304)
    assert.equal(known.body, '')
  })

  test('has no other file, and none outside', async () => {
    const { app } = await buildTestService({ consoleFolder: folder })
    assert.equal((await app.inject('/console/assets/old-000.js')).statusCode, 404)
    const outside = await app.inject('/console/..%2f..%2fpackage.json')
    assert.doesNotMatch(outside.body, /"name"/)
  })

  test('says that it is not built, where it is not', async () => {
    const { app } = await buildTestService({ consoleFolder: join(folder, 'nowhere') })
    const answer = await app.inject('/console')
    assert.equal(answer.statusCode, 404)
    assert.match(answer.json().detail, /npm run build:console/)
  })
})
