import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
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
  /** SIGKILL for all of its processes, as where its machine loses power. */
  kill(): void
  /** Makes what a standby no longer is: a server that takes writes. */
  promote(): void
  /** A server on a port of its own that streams what this one writes. */
  startStandby(): Promise<PostgresServer>
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
    // Where runuser is.
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
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

/** A server of the test's own, in a folder of its own under `within`, with the user shrike and a password. */
export async function startPostgres(
  settings = '',
  within = tmpdir(),
  flags: readonly string[] = [],
): Promise<PostgresServer> {
  const bin = findPostgres()
  if (bin === undefined) throw new Error('there is no PostgreSQL here')
  const root = makeRoot(within)
  const folder = join(root, 'data')
  const password = randomBytes(8).toString('hex')
  const passwordFile = join(root, 'password')
  writeFileSync(passwordFile, password)
  const access = ['-U', 'shrike', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`]
  run(join(bin, 'initdb'), ['-D', folder, ...access, '-E', 'UTF8', '--locale=C', '-N', ...flags])
  const server = serverAt({ bin, root, password, port: await freePort() }, settings)
  server.start()
  return server
}

/** A folder that PostgreSQL's user may write into. */
function makeRoot(within: string): string {
  const root = mkdtempSync(join(within, 'shrike-postgres-'))
  if (asUser === undefined) return root
  const [, , uid, gid] = run('getent', ['passwd', asUser]).split(':')
  chownSync(root, Number(uid), Number(gid))
  return root
}

interface ServerPlace {
  readonly bin: string
  readonly root: string
  readonly password: string
  readonly port: number
}

function serverAt({ bin, root, password, port }: ServerPlace, settings: string): PostgresServer {
  const folder = join(root, 'data')
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
    kill() {
      const first = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0])
      const children = spawnSync('ps', ['-o', 'pid=', '--ppid', String(first)], { encoding: 'utf8' }).stdout
      for (const pid of [first, ...children.trim().split(/\s+/).map(Number)]) endProcess(pid)
    },
    promote: () => void ctl('promote'),
    async startStandby() {
      const place = { bin, root: makeRoot(tmpdir()), password, port: await freePort() }
      const source = url('postgres').replace(/postgres$/, '')
      run(join(bin, 'pg_basebackup'), ['-D', join(place.root, 'data'), '-R', '-c', 'fast', '-N', '-d', source])
      const standby = serverAt(place, '')
      standby.start()
      return standby
    },
    remove() {
      try {
        server.stop('immediate')
      } catch {
        // It may be stopped.
      }
      rmSync(root, { recursive: true, force: true })
    },
  }
  return server
}

function endProcess(pid: number): void {
  try {
    if (pid > 1) process.kill(pid, 'SIGKILL')
  } catch {
    // It ended with the first one.
  }
}
