import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DataDirectory } from './data-directory.ts'
import { copyIfThere, copyPrivate, refuseLinks } from './file-access.ts'
import { isJobFile } from './job-files.ts'

/**
 * Copies jobs and what they made into another data directory, beside a service that goes on. A job that runs has its work
 * left out, so that it is interrupted in the copy, unless its bundle is whole by then.
 */
export function copyJobs(from: DataDirectory, to: DataDirectory) {
  refuseLinks(from.jobsPath, from.bundlesPath)
  // Jobs first: what one that has ended made is there.
  const jobs = namesIn(from.jobsPath).filter(isJobFile)
  if (jobs.length > 0) mkdirSync(to.jobsPath, { mode: 0o700 })
  const copied = jobs.filter((name) => copyIfThere(join(from.jobsPath, name), join(to.jobsPath, name)))
  const bundles = namesIn(from.bundlesPath)
  if (bundles.length > 0) mkdirSync(to.bundlesPath, { mode: 0o700 })
  for (const name of bundles) copyAll(join(from.bundlesPath, name), join(to.bundlesPath, name))
  return { jobs: copied.filter((name) => name.endsWith('.json')).length, bundles: bundles.length }
}

function namesIn(path: string): readonly string[] {
  return existsSync(path) ? readdirSync(path) : []
}

/** A file, or a folder with all that is in it. */
function copyAll(from: string, to: string): void {
  refuseLinks(from)
  if (statSync(from).isDirectory()) {
    mkdirSync(to, { mode: 0o700 })
    for (const name of readdirSync(from)) copyAll(join(from, name), join(to, name))
  } else copyPrivate(from, to)
}
