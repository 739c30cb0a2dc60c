import { randomUUID } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { hasEnded, type Job, type PlacedEvent } from '../jobs/job.ts'
import type { JobStore } from '../jobs/job-store.ts'
import { type DataDirectory, makeDataDirectory } from './data-directory.ts'
import { makePrivate, refuseLinks, syncDirectory, syncFile } from './file-access.ts'
import { tryLock } from './file-lock.ts'

const idForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const kept = ['json', 'ndjson', 'cancel']
/** Jobs that have ended, beyond which the oldest are forgotten. What they made stays. */
const mostEnded = 100
const readAtOnce = 256 * 1024
/** The age from which a file with a temporary name is one that an ended process left behind. */
const leftAfterMs = 60_000

/**
 * Jobs as files of the data directory, for its owner alone: ID.json, its events ID.ndjson, ID.cancel once that is
 * asked.
 */
export function openJobFiles(directory: DataDirectory): JobStore {
  const { path, jobsPath, bundlesPath } = directory
  makeDataDirectory(path)
  refuseLinks(jobsPath, bundlesPath)
  for (const each of [jobsPath, bundlesPath]) mkdirSync(each, { recursive: true, mode: 0o700 })
  makePrivate(jobsPath, bundlesPath)
  const at = (id: string, ending: string) => join(jobsPath, `${id}.${ending}`)
  const workPath = (id: string) => at(id, 'work')
  const isCancelAsked = (id: string) => existsSync(at(id, 'cancel'))

  function read(id: string): Job | undefined {
    const job = idForm.test(id) ? readJob(at(id, 'json')) : undefined
    // A waiting job is cancelled without running it.
    return job?.state === 'queued' && isCancelAsked(id) ? { ...job, state: 'cancelled' } : job
  }
  function save(job: Job): void {
    const temporary = at(job.id, `${process.pid}.tmp`)
    writeFileSync(temporary, textOf(job), { mode: 0o600 })
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
      if (job === undefined) throw jobUnknown()
      return job
    },
    append: (id, event) => appendFileSync(at(id, 'ndjson'), `${JSON.stringify(event)}\n`, { mode: 0o600 }),
    events: (id, place) => readEvents(at(id, 'ndjson'), place),
    askToCancel: (id) => closeSync(openSync(at(id, 'cancel'), 'w', 0o600)),
    async readOutput(id, name) {
      const job = read(id)
      if (job === undefined) throw jobUnknown()
      const folder = join(bundlesPath, job.request.name)
      // Another one may have the name by now.
      if (job.state !== 'done' || readJob(join(folder, 'job.json'))?.id !== id) return undefined
      return readFile(join(folder, name)).catch(() => undefined)
    },
    isNameTaken: (name) => existsSync(join(bundlesPath, name)),
    publish(done) {
      const path = workPath(done.id)
      writeFileSync(join(path, 'job.json'), textOf(done), { mode: 0o600 })
      syncFile(join(path, 'job.json'))
      syncDirectory(path)
      renameSync(path, join(bundlesPath, done.request.name))
      syncDirectory(bundlesPath)
    },
    takeTurn: () => takeTurn(join(jobsPath, 'turn.sqlite')),
    settle(nowMs) {
      for (const job of list()) {
        if (job.state === 'running') save(published(job, bundlesPath) ?? { ...job, ...killed(job.id), endedMs: nowMs })
        if (job.state !== 'queued') rmSync(workPath(job.id), { recursive: true, force: true })
      }
      for (const { id } of list().filter(hasEnded).slice(0, -mostEnded)) {
        for (const ending of kept) rmSync(at(id, ending), { force: true })
      }
      removeLeftovers(jobsPath, nowMs)
    },
  }
  function killed(id: string): Pick<Job, 'state'> {
    return { state: isCancelAsked(id) ? 'cancelled' : 'interrupted' }
  }
}

function jobUnknown(): FraudError {
  return new FraudError('JOB_UNKNOWN', 'No job has this id')
}

/** Whether a file of the folder of jobs is one that is kept of a job. */
export function isJobFile(name: string): boolean {
  const [id = '', ending = '', ...more] = name.split('.')
  return idForm.test(id) && kept.includes(ending) && more.length === 0
}

function textOf(job: Job): string {
  return `${JSON.stringify(job, undefined, 2)}\n`
}

/** A job that was killed after its folder had got its name has done all that it was to do. */
function published({ id, request }: Job, bundlesPath: string): Job | undefined {
  const job = readJob(join(bundlesPath, request.name, 'job.json'))
  return job?.id === id ? job : undefined
}

/** Undefined where there is none, for it may have been forgotten a moment ago. */
function readJob(path: string): Job | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new FraudError('DIRECTORY_UNUSABLE', `${path} is not a valid job: move it away`, { cause })
  }
}

function removeLeftovers(jobsPath: string, nowMs: number): void {
  for (const name of readdirSync(jobsPath)) {
    const path = join(jobsPath, name)
    const writtenMs = name.endsWith('.tmp') ? statSync(path, { throwIfNoEntry: false })?.mtimeMs : undefined
    if (writtenMs !== undefined && nowMs - writtenMs > leftAfterMs) rmSync(path, { force: true })
  }
}

export function newJobId(): string {
  return randomUUID()
}

/**
 * Whole lines: the last one may be under way, or its process was killed in it. A place that is none is the beginning.
 */
function readEvents(path: string, place: number): readonly PlacedEvent[] {
  if (!existsSync(path)) return []
  const file = openSync(path, 'r')
  try {
    const start = isBehindLine(file, place) ? place : 0
    const part = Buffer.allocUnsafe(readAtOnce)
    const lines = part.subarray(0, readSync(file, part, 0, readAtOnce, start))
    const events: PlacedEvent[] = []
    let at = 0
    for (let end = lines.indexOf(newline); end !== -1; end = lines.indexOf(newline, at)) {
      events.push({ event: JSON.parse(lines.toString('utf8', at, end)), place: start + end + 1 })
      at = end + 1
    }
    return events
  } finally {
    closeSync(file)
  }
}

const newline = 10

function isBehindLine(file: number, place: number): boolean {
  const before = Buffer.alloc(1)
  return place > 0 && readSync(file, before, 0, 1, place - 1) === 1 && before[0] === newline
}

function takeTurn(path: string) {
  closeSync(openSync(path, 'a', 0o600))
  const lock = tryLock(path)
  return lock && { release: () => lock.close() }
}
