import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** PostgreSQL's programs, the newest that Debian's packages, or the path, have; undefined where there are none. */
export function findPostgres(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root)
    ? readdirSync(root)
        .map(Number)
        .sort((a, b) => b - a)
    : []
  const folders = [
    ...versions.map((version) => join(root, String(version), 'bin')),
    ...(process.env.PATH ?? '').split(':'),
  ]
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl')))
}

/** Why tests that need a server are skipped; false where there is one. */
export const noPostgres =
  findPostgres() === undefined ? 'there is no PostgreSQL here (Debian: apt-get install postgresql)' : false

export interface PostgresServer {
  readonly port: number
  readonly folder: string
  /** The address of a new, empty database; or of one by its name. */
  newDatabase(): string
  url(database: string, user?: string, password?: string): string
  sql(database: string, statement: string): string
  /** What pg_dump makes of a database. */
  dump(database: string): string
  start(options?: string): void
  /** As pg_ctl's modes: `immediate` is a crash. */
  stop(mode?: 'fast' | 'immediate'): void
  kill(): void
  remove(): void
}

/** PostgreSQL does not run as root. */
const asUser = process.getuid?.() === 0 ? 'postgres' : undefined

function run(program: string, args: readonly string[], input?: string): string {
  const command = asUser === undefined ? [program, ...args] : ['runuser', '-u', asUser, '--', program, ...args]
  const { status, stdout, stderr, error } = spawnSync(command[0], command.slice(1), {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    cwd: tmpdir(),
  })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error ?? ''}${stderr}${stdout}`)
  return stdout
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A server of the test's own, in a folder of its own, with the user shrike and a password. */
export async function startPostgres(settings = ''): Promise<PostgresServer> {
  const bin = findPostgres()
  if (bin === undefined) throw new Error('there is no PostgreSQL here')
  const root = mkdtempSync(join(tmpdir(), 'shrike-postgres-'))
  if (asUser !== undefined) {
    const [, , uid, gid] = run('getent', ['passwd', asUser]).split(':')
    chownSync(root, Number(uid), Number(gid))
  }
  const folder = join(root, 'data')
  const port = await freePort()
  const password = randomBytes(8).toString('hex')
  const passwordFile = join(root, 'password')
  writeFileSync(passwordFile, password)
  run(join(bin, 'initdb'), [
    '-D',
    folder,
    '-U',
    'shrike',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    '-N',
  ])
  const socket = `unix_socket_directories = '${root}'\n`
  appendFileSync(
    join(folder, 'postgresql.conf'),
    `port = ${port}\nlisten_addresses = '127.0.0.1'\n${socket}${settings}\n`,
  )
  const ctl = (...args: string[]) => run(join(bin, 'pg_ctl'), ['-D', folder, '-w', '-l', join(root, 'log'), ...args])
  const url = (database: string, user = 'shrike', secret = password) =>
    `postgres://${user}:${secret}@127.0.0.1:${port}/${database}`
  const sql = (database: string, statement: string) =>
    run(join(bin, 'psql'), ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', url(database)], statement).trim()
  let databases = 0
  const server: PostgresServer = {
    ...{ port, folder, url, sql },
    dump: (database) => run(join(bin, 'pg_dump'), ['-d', url(database)]),
    newDatabase() {
      const name = `log${++databases}`
      sql('postgres', `CREATE DATABASE ${name}`)
      return url(name)
    },
    start: (options = '') => void ctl('-o', options, 'start'),
    stop: (mode = 'fast') => void ctl('-m', mode, 'stop'),
    kill: () => void ctl('-m', 'immediate', 'stop'),
    remove() {
      try {
        server.stop('immediate')
      } catch {
        // It may be stopped.
      }
      rmSync(root, { recursive: true, force: true })
    },
  }
  server.start()
  return server
}
