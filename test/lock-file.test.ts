import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'

const lockFile = z.object({
  packages: z.record(z.string(), z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() })),
})

// npm leaves out the packages for other platforms where its registry does not serve them, and then refuses its own work:
// `npm ci` says that they are missing from the lock file. Name, version, cpu, os and libc are all that it wants.
test('the lock file names the optional packages of every platform', () => {
  const { packages } = lockFile.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')))
  const missing: string[] = []
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      if (!(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages)) missing.push(name)
    }
  }
  assert.deepEqual(missing, [])
})
