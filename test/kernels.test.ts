import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { compileKernel, kernels } from '../kernels/build.ts'

for (const kernel of kernels) {
  test(`${kernel.module} holds the bytes that its source compiles to`, async () => {
    const made = await compileKernel(kernel)
    assert.equal(readFileSync(kernel.module, 'utf8'), made, 'run `npm run kernels`')
  })
}
