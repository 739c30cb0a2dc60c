import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { missingPackage } from './missing-package.ts'

const failure = (load: () => unknown) =>
  Promise.resolve()
    .then(load)
    .then(
      () => assert.fail('it was found'),
      (error: unknown) => error,
    )

test('a package that is not installed is named, with what to do', async () => {
  const absent: string = '@shrike-tests/absent'
  const require = createRequire(import.meta.url)
  for (const load of [
    () => import(absent),
    () => import(`${absent}/deeper.js`),
    () => require(absent),
    () => import(new URL('../../node_modules/fastify/absent.js', import.meta.url).href),
  ]) {
    const known = missingPackage(await failure(load))
    assert.equal(known?.code, 'PACKAGE_MISSING')
    assert.match(
      known.message,
      /^The package "(@shrike-tests\/absent|fastify)" is not installed, .*: run "npm ci" in \//,
    )
  }
})

test('any other error is left as it is: a file of Shrike that is missing is a bug', async () => {
  const gone: string = './gone.ts'
  assert.equal(missingPackage(await failure(() => import(gone))), undefined)
  assert.equal(missingPackage(new Error("Cannot find package 'fastify'")), undefined)
  assert.equal(missingPackage(undefined), undefined)
})
