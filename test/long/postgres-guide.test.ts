import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { ServiceProcess, succeed, temporaryFolder, trainBundle } from '../durability/service.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'
import { startShrike } from '../run-shrike.ts'

const guide = readFileSync('docs/guides/postgresql.md', 'utf8')
const blocks = (language: string) =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].flatMap(([, text]) =>
    text.trim().split('\n'),
  )

describe('the guide to PostgreSQL', { skip: noPostgres }, () => {
  let server: PostgresServer | undefined
  const folder = temporaryFolder(() => server?.remove())
  before(async () => {
    server = await startPostgres()
  })

  test('has statements that make the database, and commands that work as they are written', async () => {
    assert.ok(server !== undefined)
    for (const statement of blocks('sql')) server.sql('postgres', statement.replace("'...'", "'secret'"))
    const url = `postgres://shrike_app@127.0.0.1:${server.port}/shrike`
    const env = {
      PGPASSWORD: 'secret',
      SHRIKE_API_KEYS: 'a-key-of-whoever-calls',
      SHRIKE_COPIES: join(folder, 'copies'),
    }
    Object.assign(process.env, env)
    const bundle = await trainBundle(folder)
    const here = (line: string) =>
      line
        .replaceAll('postgres://shrike_app@db.internal/shrike', url)
        .replaceAll('/var/lib/shrike', join(folder, 'data'))
        .replaceAll('model.safetensors', bundle)
        .replace('--port 8000', '--port 0')
    await (await ServiceProcess.start(bundle, join(folder, 'data'))).stop()
    const commands = blocks('sh').filter((line) => line.startsWith('shrike '))
    const [serving, ...others] = commands
    assert.match(serving, /^shrike serve /)
    for (const line of others) await succeed(...here(line).split(' ').slice(1))

    const { child, ended } = startShrike(folder, here(serving).split(' ').slice(1))
    let told = ''
    for await (const text of child.stdout ?? []) {
      told += text
      if (/kept in/.test(told)) break
    }
    child.kill('SIGTERM')
    assert.equal((await ended).code, 0)
    assert.match(told, new RegExp(`decisions and labels are kept in ${url}`))
    const tables = [...guide.matchAll(/^\| (`shrike\.[^|]*) \|/gm)].flatMap(([, names]) =>
      [...names.matchAll(/`(?:shrike\.)?(\w+)`/g)].map(([, name]) => name),
    )
    for (const table of tables) server.sql('shrike', `SELECT count(*) FROM shrike.${table}`)
    assert.ok(tables.length > 5)
  })
})
