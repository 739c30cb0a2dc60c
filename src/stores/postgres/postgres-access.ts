import type { AccessStore, StoredUser } from '../../access/access-store.ts'
import type { AuditStore } from '../../access/audit.ts'
import { readSession, readUser } from '../sqlite/sqlite-access.ts'
import { readEntry } from '../sqlite/sqlite-audit.ts'
import { readProposal } from '../sqlite/sqlite-proposals.ts'
import { BlockingClient } from './blocking-client.ts'

/** Users, sessions, proposals and the audit in the database, which every process and command sees as they are now. */
export function openPostgresAccess(url: string): AccessStore {
  const client = new BlockingClient(url)
  return {
    users: createUsers(client),
    sessions: createSessions(client),
    proposals: createProposals(client),
    settings: createSettings(client),
    audit: createAudit(client),
    close: () => client.close(),
  }
}

const userColumns = 'name, roles, disabled, created_ms, credential, salt, hash, n, r, p'
const insertUser = `INSERT INTO shrike.users (${userColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT`

function valuesOf({ name, roles, isDisabled, createdMs, credential, password }: StoredUser) {
  const { salt, hash, n, r, p } = password
  return [name, JSON.stringify(roles), Number(isDisabled), createdMs, credential, salt, hash, n, r, p]
}

function createUsers(client: BlockingClient): AccessStore['users'] {
  return {
    list: () => client.query('SELECT * FROM shrike.users ORDER BY name').map(readUser),
    find: (name) => client.query('SELECT * FROM shrike.users WHERE name = $1', [name]).map(readUser)[0],
    any: () => client.query('SELECT 1 FROM shrike.users LIMIT 1').length > 0,
    add: (user) => client.query(`${insertUser} DO NOTHING RETURNING 1`, valuesOf(user)).length === 1,
    put: (user) =>
      void client.query(
        `${insertUser} (name) DO UPDATE SET (${userColumns}) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        valuesOf(user),
      ),
  }
}

function createSessions(client: BlockingClient): AccessStore['sessions'] {
  return {
    find: (hash) => client.query('SELECT * FROM shrike.sessions WHERE hash = $1', [hash]).map(readSession)[0],
    add: ({ hash, name, credential, roles, createdMs, seenMs }) =>
      void client.query(
        'INSERT INTO shrike.sessions (hash, name, credential, roles, created_ms, seen_ms) VALUES ($1, $2, $3, $4, $5, $6)',
        [hash, name, credential, roles && JSON.stringify(roles), createdMs, seenMs],
      ),
    touch(times) {
      if (times.size === 0) return
      client.query(
        `UPDATE shrike.sessions SET seen_ms = greatest(seen_ms, (seen.at #>> '{}')::bigint)
         FROM jsonb_each($1::jsonb) AS seen (of, at) WHERE hash = seen.of`,
        [JSON.stringify(Object.fromEntries(times))],
      )
    },
    remove: (hash) => void client.query('DELETE FROM shrike.sessions WHERE hash = $1', [hash]),
    removeOf: (name) => void client.query('DELETE FROM shrike.sessions WHERE name = $1', [name]),
    removeOlder: (createdMs, seenMs) =>
      void client.query('DELETE FROM shrike.sessions WHERE created_ms < $1 OR seen_ms < $2', [createdMs, seenMs]),
  }
}

function createProposals(client: BlockingClient): AccessStore['proposals'] {
  return {
    find: (id) => client.query('SELECT * FROM shrike.proposals WHERE id = $1', [id]).map(readProposal)[0],
    list: (state, before, limit) =>
      client
        .query(
          'SELECT * FROM shrike.proposals WHERE ($1::text IS NULL OR state = $1) AND id < $2 ORDER BY id DESC LIMIT $3',
          [state ?? null, before, limit],
        )
        .map(readProposal),
    count: (state) => Number(client.query('SELECT count(*) FROM shrike.proposals WHERE state = $1', [state])[0].count),
    add(proposal) {
      const { kind, content, by, person, why, atMs, base, hash, state } = proposal
      const [{ id }] = client.query(
        `INSERT INTO shrike.proposals (kind, content, by, person, why, at_ms, base, hash, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
        [kind, JSON.stringify(content), by, person, why, atMs, base, hash, state],
      )
      return { ...proposal, id: Number(id) }
    },
    move: (id, from, to, decided) =>
      client.query(
        `UPDATE shrike.proposals SET state = $1, decided_by = $2, decided_ms = $3, decided_why = $4
         WHERE id = $5 AND state = $6 RETURNING 1`,
        [to, decided?.by ?? null, decided?.atMs ?? null, decided?.why ?? null, id, from],
      ).length === 1,
    reopen: () => void client.query(`UPDATE shrike.proposals SET state = 'pending' WHERE state = 'approving'`),
  }
}

function createSettings(client: BlockingClient): AccessStore['settings'] {
  return {
    get(name) {
      const [row] = client.query('SELECT value FROM shrike.settings WHERE name = $1', [name])
      return row && String(row.value)
    },
    set: (name, value) =>
      void client.query(
        'INSERT INTO shrike.settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2',
        [name, value],
      ),
  }
}

function createAudit(client: BlockingClient): AuditStore {
  return {
    add: ({ atMs, who, what, target, from, detail }) =>
      void client.query(
        'INSERT INTO shrike.audit (at_ms, who, what, target, address, detail) VALUES ($1, $2, $3, $4, $5, $6)',
        [atMs, who, what, target, from, JSON.stringify(detail)],
      ),
    list: ({ before, who, what, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, limit }) =>
      client
        .query(
          `SELECT * FROM shrike.audit WHERE id < $1 AND ($2::text IS NULL OR who = $2) AND ($3::text IS NULL OR what = $3)
           AND at_ms >= $4 AND at_ms < $5 ORDER BY id DESC LIMIT $6`,
          [before, who ?? null, what ?? null, fromMs, toMs, limit],
        )
        .map(readEntry),
  }
}
