import { Socket } from 'node:net'
import type { Client } from 'pg'
import { FraudError } from '../../core/errors.ts'
import { placeOf, serversOf } from './server-address.ts'
import { PostgresSession, type Session } from './session.ts'

/** The oldest PostgreSQL that the tests have seen. */
const leastVersion = 15
const connectWithinMs = 5000
/** Where there are others to try: some callers stand still until one answers. */
const connectToOneWithinMs = 2000
/** A server that says nothing for so long is as good as gone: the connection is given up, and what it did looked up. */
const answerWithinMs = 15_000

/**
 * A connection whose commits are on disk when they return; to the first server that takes writes, where the address names
 * several. Keepalives on both sides let a host that vanished be missed within seconds.
 *
 * @throws FraudError DATABASE_UNUSABLE
 */
export async function connect(url: string): Promise<Session> {
  try {
    const servers = serversOf(url)
    const failures: unknown[] = []
    for (const server of servers) {
      try {
        return await connectTo(server, servers.length > 1)
      } catch (cause) {
        failures.push(cause)
      }
    }
    if (failures.length === 1) throw failures[0]
    throw new Error(`none of its servers takes writes: ${failures.map(whyFailed).join('; ')}`, { cause: failures[0] })
  } catch (cause) {
    throw unusable(url, cause)
  }
}

async function connectTo(server: string, isOneOfSeveral: boolean): Promise<Session> {
  const socket = new Socket()
  const client = await createClient(server, socket, isOneOfSeveral ? connectToOneWithinMs : connectWithinMs)
  const session = new PostgresSession(client, socket)
  try {
    await client.connect()
    await checkServer(session, isOneOfSeveral)
    await session.query(`SET tcp_keepalives_idle = 1; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 2;
      SET tcp_user_timeout = 2000; SET lock_timeout = '10s';
      SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = 'error'`)
    return session
  } catch (cause) {
    await session.end()
    throw cause
  }
}

async function createClient(server: string, socket: Socket, connectionTimeoutMillis: number): Promise<Client> {
  const { default: pg } = await import('pg')
  return new pg.Client({
    connectionString: server,
    stream: () => socket,
    connectionTimeoutMillis,
    query_timeout: answerWithinMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 1000,
    application_name: 'shrike',
  })
}

async function checkServer(session: Session, isOneOfSeveral: boolean): Promise<void> {
  const { rows } = await session.query(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
     current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS commits,
     pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS is_read_only`,
  )
  const { version, name, encoding, commits, is_read_only: isReadOnly } = rows[0]
  if (version < leastVersion * 10_000)
    throw new Error(`it is PostgreSQL ${name}, and Shrike needs ${leastVersion} or later`)
  if (encoding !== 'UTF8') throw new Error(`its encoding is ${encoding}, and must be UTF8`)
  if (isOneOfSeveral && isReadOnly) throw new Error('it is a standby, or read-only')
  if (commits === 'off' || commits === 'local') await session.query('SET synchronous_commit = on')
}

/** What PostgreSQL's and the system's codes mean for who started Shrike. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the server running?',
  ENOTFOUND: 'the host has no address',
  EAI_AGAIN: 'the host has no address at the moment',
  ETIMEDOUT: 'the host does not answer',
  EHOSTUNREACH: 'the host can not be reached',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  '28P01': 'the server refused the password (put it into the address, PGPASSWORD or ~/.pgpass)',
  '28000': 'the server refused the user: see its pg_hba.conf',
  '3D000': 'there is no such database: create it first (createdb)',
  '3F000': 'the schema is missing',
  '42501': 'the user lacks a permission there',
  '53100': "the server's disk is full",
  '53200': 'the server is out of memory',
  '53300': 'the server has no connection left',
  '57P01': 'the server was shut down, or ended the connection',
  '57P02': 'the server crashed',
  '57P03': 'the server is starting or stopping',
  '25006': 'the server is read-only: a standby, or told to be so',
}

/** Why something failed, in words, with what the server said. It never says a password. */
export function whyFailed(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  // Node tells of several addresses in one error without a message.
  const [first] = error instanceof AggregateError ? error.errors : []
  const said = first instanceof Error && error.message === '' ? first.message : error.message
  if (said.startsWith('SASL') && said.includes('password'))
    return 'the server asks for a password, and none was given (PGPASSWORD)'
  const known = reasons[code]
  return known === undefined ? said : `${known} (${said})`
}

export function unusable(url: string, cause: unknown): FraudError {
  if (cause instanceof FraudError) return cause
  return new FraudError('DATABASE_UNUSABLE', `The database ${placeOf(url)} can't be used: ${whyFailed(cause)}`, {
    cause,
  })
}

/** Whether the server itself refused a statement: then nothing of it was kept. Else nobody knows. */
export function isRefusal(error: unknown): boolean {
  return refusalCode(error) !== undefined
}

/** PostgreSQL's code of what the server itself refused. */
export function refusalCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined
  // 08: the connection; 57P: ended by somebody; 40003: whether it was kept is not known.
  return error.severity === 'ERROR' && !/^(08|57P|40003)/.test(String(error.code)) ? String(error.code) : undefined
}
