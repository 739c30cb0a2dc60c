import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const sibling = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)

test('what a thread compiles is kept where the main thread keeps its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-compiled-'))
  const [program, kept] = [join(folder, 'program.mjs'), join(folder, 'kept')]
  writeFileSync(
    program,
    `import { enableCompileCache } from 'node:module'
    enableCompileCache(${JSON.stringify(kept)})
    const { startWorker } = await import(${sibling('start-worker.ts')})
    startWorker(new URL(${sibling('money.ts')}))`,
  )
  try {
    const { status, stderr } = spawnSync(process.execPath, [program], { env: {}, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const versions = readdirSync(kept)
    assert.equal(versions.length, 1, 'the thread has a folder of its own')
    const modules = readdirSync(join(kept, versions[0]), { withFileTypes: true }).filter((entry) => entry.isFile())
    // startWorker's, the thread's, and what that imports.
    assert.ok(modules.length > 2)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
