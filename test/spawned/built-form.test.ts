import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { buildPackage } from '../built-package.ts'

// What npm publishes and an image holds: no TypeScript, and the same program.
suite('the built form', () => {
  let folder: string
  const shrike = (...args: readonly string[]) =>
    execFileSync(process.execPath, [join(folder, 'bin/shrike.js'), ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    })

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shrike-built-'))
    await buildPackage(folder)
  })
  after(() => rmSync(folder, { recursive: true }))

  test('has each thread and process at its place', () => {
    const started = (cwd: string) => globSync('*/**/*-{worker,process}.{ts,js}', { cwd, exclude: ['parts/**'] })
    // These start others.
    const sources = started('src').filter((name) => !/start-worker|ask-in-process/.test(name))
    assert.ok(sources.length > 10)
    assert.deepEqual(started(join(folder, 'dist')).sort(), sources.map((name) => name.replace(/ts$/, 'js')).sort())
  })

  test('finds each file beside it by the place that the sources have', () => {
    const read = globSync('dist/**/*.js', { cwd: folder }).map((name) => ({
      name,
      text: readFileSync(join(folder, name), 'utf8'),
    }))
    assert.deepEqual(
      read.filter(({ text }) => text.includes('__placeOf')).map(({ name }) => name),
      [],
    )
  })

  test('knows its version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    assert.equal(shrike('--version').trim(), version)
  })

  test('trains with its threads and scores with what it trained', () => {
    shrike('simulate', '--rows', '3000', '--frauds', '60', '--out', 'history.csv')
    const trained = JSON.parse(shrike('train', 'history.csv', '--n-estimators', '5', '--threads', '2', '--json'))
    assert(existsSync(join(folder, trained.report)))
    shrike('score', trained.out, 'history.csv', '--out', 'scores.csv')
    const scores = readFileSync(join(folder, 'scores.csv'), 'utf8').trim().split('\n')
    assert.equal(scores[0], 'id,probability,prediction')
    assert.equal(scores.length, 3001)
  })
})
