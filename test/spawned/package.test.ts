import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, suite, test } from 'node:test'
import { z } from 'zod'

/** What npm packs is built, and installed from the registry: half a minute, and a network. */
const isLong = process.env.SHRIKE_PACKAGE !== undefined
const skip = isLong ? false : 'SHRIKE_PACKAGE=1 installs the package from npm'
const bill = z.object({ components: z.array(z.object({ group: z.string().optional(), name: z.string() })) })

suite('the package that npm packs', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-package-'))
  after(() => rmSync(folder, { recursive: true }))
  const modules = join(folder, 'empty/node_modules')
  const run = (command: string, args: readonly string[], cwd: string, env = process.env) =>
    execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: 'pipe' }).trim()
  const install = (...what: readonly string[]) => run('npm', ['install', ...what], join(folder, 'empty'))

  const version = () => JSON.parse(readFileSync('package.json', 'utf8')).version

  test('installs in an empty folder, and runs', () => {
    run('npm', ['pack', '--pack-destination', folder], process.cwd())
    const packed = readdirSync(folder).find((name) => name.endsWith('.tgz'))
    mkdirSync(join(folder, 'empty'))
    install(join(folder, String(packed)))
    const shrike = join(modules, '.bin/shrike')
    assert.equal(run(shrike, ['--version'], folder), version())
    run(shrike, ['simulate', '--rows', '2000', '--frauds', '50', '--out', 'history.csv'], folder)
    const trained = JSON.parse(run(shrike, ['train', 'history.csv', '--n-estimators', '5', '--json'], folder))
    assert(existsSync(join(folder, trained.out)) && existsSync(join(folder, trained.report)))
  })

  test('brings the packages that its bill of materials lists', () => {
    const listed = bill
      .parse(JSON.parse(readFileSync(join(modules, 'shrike-fraud/dist/sbom.cdx.json'), 'utf8')))
      .components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`))
    const lock = z.object({ packages: z.record(z.string(), z.unknown()) })
    const places = Object.keys(
      lock.parse(JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'))).packages,
    )
    const there = places
      .map((place) => place.replace(/^.*node_modules\//, ''))
      .filter((name) => name !== 'shrike-fraud')
    assert(there.length > 100)
    assert.deepEqual(
      there.filter((name) => !listed.includes(name)),
      [],
    )
  })

  test('takes the Node that is installed beside it where the one that starts it is too old', () => {
    const old = join(folder, 'old')
    mkdirSync(old)
    const preload = join(folder, 'old.cjs')
    writeFileSync(
      preload,
      `if (process.execPath === ${JSON.stringify(process.execPath)})
        Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`,
    )
    writeFileSync(join(old, 'node'), `#!/bin/sh\nexec ${process.execPath} --require ${preload} "$@"\n`)
    chmodSync(join(old, 'node'), 0o755)
    const env = { ...process.env, PATH: `${old}${delimiter}${process.env.PATH}` }
    const shrike = join(modules, '.bin/shrike')
    assert.throws(() => run(shrike, ['--version'], folder, env), /npm install node@24/)
    install('node@24.21.0')
    assert.equal(run(shrike, ['--version'], folder, env), version())
  })
})
