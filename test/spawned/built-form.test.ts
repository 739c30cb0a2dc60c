import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

// What npm publishes and an image holds: no TypeScript, and the same program.
suite('the built form', () => {
  let folder: string
  const shrike = (...args: readonly string[]) =>
    execFileSync(process.execPath, [join(folder, 'bin/shrike.js'), ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    })

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'shrike-built-'))
    // Types are checked where all are.
    const build = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(folder, 'dist')]
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', ...build], { stdio: 'pipe' })
    cpSync('package.json', join(folder, 'package.json'))
    cpSync('bin', join(folder, 'bin'), { recursive: true })
    symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'), 'junction')
  })
  after(() => rmSync(folder, { recursive: true }))

  test('holds every product file and no test', () => {
    const built = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.\w+$/.test(name),
    )
    const products = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
      /^(?!.*\.(test|contract|d)\.ts$).*\.ts$/.test(name),
    )
    assert.deepEqual(built.sort(), products.map((name) => name.replace(/ts$/, 'js')).sort())
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
