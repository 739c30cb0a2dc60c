import { DatabaseSync } from 'node:sqlite'
import type { AuditEntry, AuditStore } from '../../access/audit.ts'

/**
 * Entries are written by a connection of their own that does not wait for the disk: a process that is killed loses none, and
 * decisions do not wait for each page that somebody reads. A power failure can cost those of the last moments.
 */
export function openSqliteAudit(path: string): { readonly audit: AuditStore; close(): void } {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = NORMAL')
  const insert = database.prepare(
    'INSERT INTO audit (at_ms, who, what, target, address, detail) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const select = database.prepare(
    `SELECT * FROM audit WHERE id < ? AND (?2 IS NULL OR who = ?2) AND (?3 IS NULL OR what = ?3)
     AND at_ms >= ?4 AND at_ms < ?5 ORDER BY id DESC LIMIT ?6`,
  )
  return {
    audit: {
      add: ({ atMs, who, what, target, from, detail }) =>
        void insert.run(atMs, who, what, target, from, JSON.stringify(detail)),
      list: ({ before, who, what, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, limit }) =>
        select.all(before, who ?? null, what ?? null, fromMs, toMs, limit).map(readEntry),
    },
    close: () => database.close(),
  }
}

export function readEntry({
  id,
  at_ms,
  who,
  what,
  target,
  address,
  detail,
}: Readonly<Record<string, unknown>>): AuditEntry {
  return {
    ...{ id: Number(id), atMs: Number(at_ms), who: String(who), what: String(what) },
    target: target === null ? null : String(target),
    from: address === null ? null : String(address),
    detail: JSON.parse(String(detail)),
  }
}
