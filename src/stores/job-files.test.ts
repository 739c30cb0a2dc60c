import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import type { Job } from '../jobs/job.ts'
import { addJob, cancelJob, inTurn } from '../jobs/runner.ts'
import { dataDirectory } from './data-directory.ts'
import { newJobId, openJobFiles } from './job-files.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function openStore() {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-job-files-'))
  folders.push(folder)
  const directory = dataDirectory(folder)
  return { ...directory, directory, store: openJobFiles(directory) }
}

function jobOf(state: Job['state'], name: string, createdMs = 1): Job {
  return { id: newJobId(), request: { kind: 'training', name }, by: 'anyone', state, createdMs }
}

describe('the files of jobs', () => {
  test('tell events from any place on, but no line that is under way', () => {
    const { store, jobsPath } = openStore()
    const job = jobOf('running', 'a')
    store.add(job)
    assert.deepEqual(store.events(job.id, 0), [])
    for (const text of ['one', 'zwölf', 'three']) store.append(job.id, { atMs: 1, kind: 'note', text })
    appendFileSync(join(jobsPath, `${job.id}.ndjson`), '{"atMs":2,"ki')
    const all = store.events(job.id, 0)
    assert.deepEqual(
      all.map(({ event }) => event.text),
      ['one', 'zwölf', 'three'],
    )
    all.forEach(({ place }, i) => {
      assert.deepEqual(store.events(job.id, place), all.slice(i + 1))
    })
    // A place that nobody was told is the beginning.
    for (const place of [3, 1e9]) assert.deepEqual(store.events(job.id, place), all)
  })

  test('tell all of more events than are read at once', () => {
    const { store } = openStore()
    const job = jobOf('running', 'a')
    store.add(job)
    const texts = Array.from({ length: 300 }, (_, i) => `${i} ${'x'.repeat(3000)}`)
    for (const text of texts) store.append(job.id, { atMs: 1, kind: 'note', text })
    const told: string[] = []
    for (let place = 0; ; ) {
      const part = store.events(job.id, place)
      if (part.length === 0) break
      told.push(...part.map(({ event }) => event.text))
      place = part.at(-1)?.place ?? place
    }
    assert.deepEqual(told, texts)
  })

  test('give the turn to one at a time', () => {
    const { store, directory } = openStore()
    const other = openJobFiles(directory)
    const whileTaken: unknown[] = []
    assert.ok(
      inTurn(store, () =>
        whileTaken.push(
          other.takeTurn(),
          inTurn(other, () => {}),
        ),
      ),
    )
    assert.deepEqual(whileTaken, [undefined, false])
    assert.ok(inTurn(other, () => {}))
  })

  test('settle what was killed: interrupted, cancelled, or done where its folder has its name', () => {
    const { store, bundlesPath, jobsPath } = openStore()
    const [killed, cancelled, done] = ['killed', 'cancelled', 'done'].map((name, i) => jobOf('running', name, i))
    for (const job of [killed, cancelled, done]) {
      store.add(job)
      mkdirSync(store.workPath(job.id))
      writeFileSync(join(store.workPath(job.id), 'model.safetensors'), 'half')
    }
    store.add(jobOf('queued', 'queued', 3))
    assert.equal(cancelJob(store, cancelled.id).state, 'running')
    store.publish({ ...done, state: 'done', endedMs: 5, result: { bundle: 'b' } })
    inTurn(store, () => store.settle(9))
    assert.deepEqual(
      store.list().map(({ state, endedMs }) => [state, endedMs]),
      [
        ['interrupted', 9],
        ['cancelled', 9],
        ['done', 5],
        ['queued', undefined],
      ],
    )
    assert.deepEqual(readdirSync(bundlesPath), ['done'])
    assert.deepEqual(
      readdirSync(jobsPath).filter((name) => name.endsWith('.work')),
      [],
    )
  })

  test('keep jobs that wait, and the newest hundred of those that ended', () => {
    const { store, jobsPath } = openStore()
    store.add(jobOf('queued', 'first', 0))
    for (let i = 1; i <= 103; i++) store.add(jobOf('done', `n${i}`, i))
    writeFileSync(join(jobsPath, 'left.1.tmp'), '')
    inTurn(store, () => store.settle(Date.now() + 3_600_000))
    const names = store.list().map(({ request }) => request.name)
    assert.deepEqual([names.length, ...names.slice(0, 2), names.at(-1)], [101, 'first', 'n4', 'n103'])
    assert.ok(!existsSync(join(jobsPath, 'left.1.tmp')))
  })

  test('refuse a name that is taken, an id that is none, an end that has come, and a folder that is a link', () => {
    const { store, bundlesPath, path, directory, jobsPath } = openStore()
    mkdirSync(join(bundlesPath, 'there'))
    const add = (name: string) => addJob(store, { kind: 'training', name }, { id: newJobId(), by: 'anyone', nowMs: 1 })
    assert.throws(() => add('there'), { code: 'JOB_NAME_TAKEN' })
    const { id } = add('new')
    assert.throws(() => add('new'), { code: 'JOB_NAME_TAKEN' })
    assert.equal(cancelJob(store, id).state, 'cancelled')
    assert.throws(() => cancelJob(store, id), { code: 'JOB_ENDED' })
    assert.equal(add('new').state, 'queued')
    for (const other of ['', '../keys', `${id}/..`, newJobId()])
      assert.throws(() => store.find(other), { code: 'JOB_UNKNOWN' })
    rmSync(jobsPath, { recursive: true })
    symlinkSync(path, jobsPath)
    assert.throws(() => openJobFiles(directory), { code: 'DIRECTORY_UNUSABLE' })
  })
})
