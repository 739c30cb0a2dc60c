import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** What other processes are told that this one is. */
export function describeSelf(): string {
  return `process ${process.pid} on ${hostname()}`
}

/** Says in a file who works on a data directory, for those whom the lock keeps out. */
export function noteHolder(path: string): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`, { mode: 0o600 })
    renameSync(temporary, path)
  } catch {
    // A disk that is full keeps nobody from the work; it is only not told who does it.
    rmSync(temporary, { force: true })
  }
}

/** Who works on the directory, and since when; undefined where nobody can know, since the file is of one that ended. */
export function describeHolder(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    const pid = Number(/"pid":(\d{1,10})\b/.exec(text)?.[1])
    const host = /"host":"([\w.-]{1,255})"/.exec(text)?.[1]
    if (Number.isNaN(pid) || host === undefined || (host === hostname() && !isRunning(pid))) return undefined
    return `process ${pid} on ${host}, since ${statSync(path).mtime.toISOString()}`
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Somebody else's process.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
