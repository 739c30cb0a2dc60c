import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { JsonObject } from '../core/json-value.ts'
import { openAccounts } from '../open-accounts.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { requireDirectory } from './log-files.ts'
import type { Run } from './run.ts'

export interface AuditFlags {
  readonly data: string
  readonly who?: string
  readonly what?: string
  readonly since?: number
  readonly limit: number
}

export async function showAudit({ data, who, what, since, limit }: AuditFlags, { terminal, note }: Run): Promise<void> {
  requireDirectory({ data })
  const directory = dataDirectory(data)
  if (directory.database === undefined && !existsSync(directory.accessPath)) {
    terminal.say(`Nothing is noted in ${data} yet`)
    return terminal.result([])
  }
  const { accounts, close } = openAccounts(directory, Date.now)
  try {
    const found = accounts.audit.list({ who, what, fromMs: since, before: Number.MAX_SAFE_INTEGER, limit: limit + 1 })
    if (found.length > limit) note(`These are the newest ${limit}, and there are older ones: --limit shows more`)
    const entries = found.slice(0, limit).map(({ atMs, ...entry }) => ({ ...entry, at: new Date(atMs).toISOString() }))
    for (const { at, who, what, target, from, detail } of entries) {
      const more = Object.keys(detail).length === 0 ? '' : `  ${JSON.stringify(detail)}`
      terminal.say(`${at}  ${who}  ${what}  ${target ?? '-'}  ${from ?? '-'}${more}`)
    }
    terminal.result(entries)
  } finally {
    close()
  }
}

/** Notes what a command did on a data directory itself; who is the user of the machine. */
export function noteCommand(data: string, who: string, what: string, target: string | null, detail: JsonObject): void {
  const { accounts, close } = openAccounts(dataDirectory(data), Date.now)
  try {
    accounts.audit.note({ who, what, target, from: null, detail: { ...detail, machineUser: userInfo().username } })
  } finally {
    close()
  }
}

/** Notes that data left a directory where people work; one that can only be read is still copied, with a word. */
export function noteExport(
  data: string,
  what: string,
  target: string | null,
  { terminal }: Pick<Run, 'terminal'>,
  detail: JsonObject = {},
): void {
  const { accessPath, database } = dataDirectory(data)
  if (database === undefined && !existsSync(accessPath)) return
  try {
    noteCommand(data, `command:${what}`, what, target, detail)
  } catch (error) {
    terminal.warn(`this ${what} could not be noted in the audit: ${String(error)}`)
  }
}
