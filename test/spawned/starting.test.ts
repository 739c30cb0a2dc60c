import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'shrike-starting-'))
after(() => rmSync(folder, { recursive: true }))

const empty = join(folder, 'empty')
mkdirSync(empty)

/** A copy of the checkout, under a path that a careless URL or shell would take apart. */
function checkout(name: string, packages: 'all' | 'none' | 'no fastify'): string {
  const path = join(folder, name)
  for (const part of ['bin', 'src', 'package.json']) cpSync(part, join(path, part), { recursive: true })
  if (packages === 'all') symlinkSync(resolve('node_modules'), join(path, 'node_modules'))
  if (packages === 'no fastify') {
    mkdirSync(join(path, 'node_modules'))
    for (const each of ['commander', 'zod', 'cli-progress', 'string-width', 'yaml', 'pino']) {
      const found = resolve('node_modules', each)
      if (existsSync(found)) cpSync(found, join(path, 'node_modules', each), { recursive: true })
    }
  }
  return path
}

const run = (node: string, args: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(node, args, { cwd: empty, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })

/** A Node on the PATH that is too old for Shrike. */
function findOldNode(): string | undefined {
  const found = (process.env.PATH ?? '').split(delimiter).map((each) => join(each, 'node'))
  return found.filter(existsSync).find((node) => {
    const [major] = run(node, ['--version']).stdout.slice(1).split('.').map(Number)
    return major < 22
  })
}

const oldNode = findOldNode()
const odd = checkout("it's 100% odd #1?", 'all')
const link = join(folder, 'shrike')
symlinkSync(join(odd, 'bin/shrike.js'), link)
const bare = checkout('without packages', 'none')

for (const [name, node] of [
  ["this machine's new Node", process.execPath],
  ["this machine's old Node", oldNode],
] as const) {
  describe(`on ${name}`, { skip: node === undefined && 'there is none' }, () => {
    const shrike = (script: string, ...args: readonly string[]) => run(node ?? '', [script, ...args])

    test('shrike starts from any folder, under any path and through a link', () => {
      for (const script of [join(odd, 'bin/shrike.js'), link]) {
        const { stdout, stderr } = shrike(script, '--version')
        assert.match(stdout, /^\d+\.\d+\.\d+\n$/, stderr)
        const { status, stderr: told } = shrike(script, 'trian')
        assert.equal(status, 2)
        assert.match(told, /Did you mean train\?/)
      }
    })

    test('shrike says what to do where its packages are not installed', () => {
      const { status, stdout, stderr } = shrike(join(bare, 'bin/shrike.js'), '--version')
      assert.equal(status, 1)
      assert.equal(stdout, '')
      assert.match(stderr, /"?npm ci"? in .*without packages/)
      assert.doesNotMatch(stderr, /^ {4}at /m)
    })
  })
}

test('options of an old Node reach the new one', { skip: oldNode === undefined && 'there is no old Node' }, () => {
  const loaded = join(folder, 'loaded.cjs')
  writeFileSync(loaded, "console.error('on Node ' + process.version)")
  const { status, stderr } = run(oldNode ?? '', ['--require', loaded, link, '--version'])
  assert.equal(status, 0, stderr)
  const [first, second] = [...stderr.matchAll(/on Node (v\d+)/g)].map(([, version]) => version)
  assert.ok(second !== undefined && first !== second, stderr)
})

test('a package that is missing behind a command is named without a stack', () => {
  const script = join(checkout('without fastify', 'no fastify'), 'bin/shrike.js')
  const { status, stderr } = run(process.execPath, [script, 'serve', 'absent.safetensors'])
  assert.equal(status, 1)
  assert.match(
    stderr,
    /^error PACKAGE_MISSING: The package ".*" is not installed, .* run "npm ci" in .*without fastify/m,
  )
  assert.doesNotMatch(stderr, /^ {4}at /m)
})

test('init shows commands that work as it was called', () => {
  const script = join(odd, 'bin/shrike.js')
  run(process.execPath, [script, 'simulate', '--rows', '300', '--frauds', '30', '--out', 'flat.csv'])
  const { stdout, stderr } = run(process.execPath, [script, 'init', 'flat.csv', '--json'])
  const [train] = JSON.parse(stdout || stderr).next
  const trained = spawnSync('sh', ['-c', `${train} --no-leak-check`], { cwd: empty, encoding: 'utf8' })
  assert.equal(trained.status, 0, `${train}\n${trained.stderr}`)
})
