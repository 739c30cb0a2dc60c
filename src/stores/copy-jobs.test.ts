import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Job } from '../jobs/job.ts'
import { inTurn } from '../jobs/runner.ts'
import { copyJobs } from './copy-jobs.ts'
import { dataDirectory } from './data-directory.ts'
import { newJobId, openJobFiles } from './job-files.ts'

const root = mkdtempSync(join(tmpdir(), 'shrike-copy-jobs-'))
after(() => rmSync(root, { recursive: true }))

function directoryOf(name: string) {
  mkdirSync(join(root, name), { mode: 0o700 })
  return dataDirectory(join(root, name))
}

function jobOf(state: Job['state'], name: string, createdMs: number): Job {
  return { id: newJobId(), request: { kind: 'training', name }, by: 'anyone', state, createdMs }
}

test('a copy has the jobs and what they made, and nothing that is under way', () => {
  const [from, to] = [directoryOf('live'), directoryOf('copy')]
  const store = openJobFiles(from)
  const [done, running, waiting] = (['running', 'running', 'queued'] as const).map((state, i) =>
    jobOf(state, `n${i}`, i),
  )
  for (const job of [done, running, waiting]) store.add(job)
  for (const { id } of [done, running]) {
    store.append(id, { atMs: 1, kind: 'note', text: 'half' })
    mkdirSync(store.workPath(id))
    mkdirSync(join(store.workPath(id), 'more'))
    writeFileSync(join(store.workPath(id), 'more', 'model.safetensors'), 'half', { mode: 0o644 })
  }
  store.publish({ ...done, state: 'done', endedMs: 5 })
  store.askToCancel(waiting.id)
  writeFileSync(join(from.jobsPath, 'left.1.tmp'), '')
  inTurn(store, () => assert.deepEqual(copyJobs(from, to), { jobs: 3, bundles: 1 }))
  assert.deepEqual(
    readdirSync(to.jobsPath).filter((name) => !/\.(json|ndjson|cancel)$/.test(name)),
    [],
  )

  const copy = openJobFiles(to)
  inTurn(copy, () => copy.settle(9))
  // Its bundle was there although its own file did not say so yet.
  assert.deepEqual(
    copy.list().map(({ id, state }) => [id, state]),
    [
      [done.id, 'done'],
      [running.id, 'interrupted'],
      [waiting.id, 'cancelled'],
    ],
  )
  assert.deepEqual(copy.events(running.id, 0), store.events(running.id, 0))
  for (const entry of readdirSync(join(root, 'copy'), { recursive: true, encoding: 'utf8' }))
    assert.equal(statSync(join(root, 'copy', entry)).mode & 0o077, 0, entry)
  assert.deepEqual(readdirSync(join(to.bundlesPath, 'n0')).sort(), ['job.json', 'more'])
})

test('a copy of a directory without jobs has none, and a link is refused', () => {
  const [from, to] = [directoryOf('without'), directoryOf('without-copy')]
  assert.deepEqual(copyJobs(from, to), { jobs: 0, bundles: 0 })
  assert.deepEqual(readdirSync(to.path), [])
  mkdirSync(from.bundlesPath)
  symlinkSync(root, join(from.bundlesPath, 'link'))
  assert.throws(() => copyJobs(from, to), { code: 'DIRECTORY_UNUSABLE' })
})

test('folders of jobs that others can open are closed to them', () => {
  const directory = directoryOf('open')
  for (const path of [directory.jobsPath, directory.bundlesPath]) {
    mkdirSync(path)
    chmodSync(path, 0o755)
  }
  openJobFiles(directory)
  for (const path of [directory.jobsPath, directory.bundlesPath]) assert.equal(statSync(path).mode & 0o777, 0o700)
})
