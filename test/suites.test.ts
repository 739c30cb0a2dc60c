import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { budgetSeconds, longest, suiteOf, suites, testFiles } from './suites.ts'

const names = suites.map(({ name }) => name)

describe('suites', () => {
  test('hold every test file once, and each of them holds some', () => {
    assert.deepEqual([...new Set(names)], names)
    const strays = testFiles.filter((file) => !names.includes(suiteOf(file)))
    assert.deepEqual(strays, [], 'move it into a folder that test/suites.ts names')
    assert.deepEqual(
      names.filter((name) => !testFiles.some((file) => suiteOf(file) === name)),
      [],
    )
  })

  test('leave no test file of the repository out', (t) => {
    const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
    if (listed.status !== 0) return t.skip('not a checkout, or no git')
    const written = listed.stdout.split('\n').filter((file) => /\.test\.\w+$/.test(file) && existsSync(file))
    assert.deepEqual(written.sort(), [...testFiles].sort())
  })

  test('start commands only outside of the quick one', () => {
    const starting = testFiles.filter(
      (file) =>
        suiteOf(file) === 'quick' &&
        file !== 'test/suites.test.ts' &&
        /run-shrike\.ts'|durability\/service\.ts'|'node:child_process'[\s\S]*bin\/shrike\.js'/.test(
          readFileSync(file, 'utf8'),
        ),
    )
    assert.deepEqual(starting, [], 'move it to test/spawned/')
  })

  test('fit three minutes, and those of every day twelve with the installation and the checks', () => {
    const { quick, rest } = budgetSeconds
    assert.ok(quick <= 180 && quick + rest <= 11 * 60, `${quick} s and ${rest} s`)
  })

  test('begin with files that there are', () => {
    assert.deepEqual([...new Set(longest)], longest)
    assert.deepEqual(
      longest.filter((file) => !testFiles.includes(file)),
      [],
    )
  })
})
