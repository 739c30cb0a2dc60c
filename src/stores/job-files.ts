import { randomUUID } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { FraudError } from '../core/errors.ts'
import { hasEnded, type Job, type JobEvent } from '../jobs/job.ts'
import type { JobStore } from '../jobs/job-store.ts'
import { type DataDirectory, makeDataDirectory } from './data-directory.ts'
import { refuseLinks, syncDirectory, syncFile } from './file-access.ts'

const idForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const sqliteBusy = 5

/** Jobs as files of the data directory, for its owner alone: ID.json, its events ID.ndjson, ID.cancel once that is asked. */
export function openJobFiles(directory: DataDirectory): JobStore {
  const { path, jobsPath, bundlesPath } = directory
  makeDataDirectory(path)
  refuseLinks(jobsPath, bundlesPath)
  for (const each of [jobsPath, bundlesPath]) mkdirSync(each, { recursive: true, mode: 0o700 })
  const at = (id: string, ending: string) => join(jobsPath, `${id}.${ending}`)
  const workPath = (id: string) => at(id, 'work')
  const isCancelAsked = (id: string) => existsSync(at(id, 'cancel'))

  function read(id: string): Job | undefined {
    const text = idForm.test(id) && existsSync(at(id, 'json')) ? readFileSync(at(id, 'json'), 'utf8') : undefined
    if (text === undefined) return undefined
    const job: Job = JSON.parse(text)
    // Nobody has to run a job to cancel it before its turn.
    return job.state === 'queued' && isCancelAsked(id) ? { ...job, state: 'cancelled' } : job
  }
  function save(job: Job): void {
    const temporary = at(job.id, `${process.pid}.tmp`)
    writeFileSync(temporary, `${JSON.stringify(job, undefined, 2)}\n`, { mode: 0o600 })
    syncFile(temporary)
    renameSync(temporary, at(job.id, 'json'))
    syncDirectory(jobsPath)
  }
  function list(): readonly Job[] {
    const ids = readdirSync(jobsPath).flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : []))
    const jobs = ids.flatMap((id) => read(id) ?? [])
    return jobs.sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1))
  }
  return {
    add: save,
    save,
    list,
    isCancelAsked,
    workPath,
    find(id) {
      const job = read(id)
      if (job === undefined) throw new FraudError('JOB_UNKNOWN', 'No job has this id')
      return job
    },
    append: (id, event) => appendFileSync(at(id, 'ndjson'), `${JSON.stringify(event)}\n`, { mode: 0o600 }),
    events: (id, seen) => readEvents(at(id, 'ndjson')).slice(seen),
    askToCancel: (id) => closeSync(openSync(at(id, 'cancel'), 'w', 0o600)),
    isNameTaken: (name) => existsSync(join(bundlesPath, name)),
    publish(id, name) {
      renameSync(workPath(id), join(bundlesPath, name))
      syncDirectory(bundlesPath)
    },
    takeTurn: () => takeTurn(join(jobsPath, 'turn.sqlite')),
    settle(nowMs) {
      for (const job of list()) {
        if (job.state === 'running') save({ ...job, state: 'interrupted', endedMs: nowMs })
        if (job.state === 'running' || hasEnded(job)) rmSync(workPath(job.id), { recursive: true, force: true })
      }
    },
  }
}

export function newJobId(): string {
  return randomUUID()
}

/** Whole lines: the last one may be under way, or its process was killed in it. */
function readEvents(path: string): readonly JobEvent[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.slice(0, -1).map((line): JobEvent => JSON.parse(line))
}

function takeTurn(path: string) {
  closeSync(openSync(path, 'a', 0o600))
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return { release: () => database.close() }
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return undefined
    throw error
  }
}
