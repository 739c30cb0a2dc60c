import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { test } from 'node:test'

/** A Node on the PATH that is too old for Shrike. */
function findOldNode(): string | undefined {
  const found = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  return found.filter(existsSync).find((node) => {
    const [major] = execFileSync(node, ['--version'], { encoding: 'utf8' }).slice(1).split('.').map(Number)
    return major < 22
  })
}

test('a checkout runs from any folder on a machine whose own Node is old', (t) => {
  const old = findOldNode()
  if (old === undefined) return t.skip('no old Node on this machine')
  const folder = mkdtempSync(join(tmpdir(), 'shrike-old-node-'))
  try {
    const link = join(folder, 'shrike.js')
    symlinkSync(resolve('bin/shrike.js'), link)
    const run = (...args: readonly string[]) =>
      execFileSync(old, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
    assert.match(run(link, '--version'), /^\d+\.\d+\.\d+\n$/)
    assert.throws(() => run(link, 'trian'), { status: 2, stderr: /Did you mean train\?/ })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
