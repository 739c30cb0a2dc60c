import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'

const step = z.object({ run: z.string().optional(), with: z.record(z.string(), z.string()).optional() })
const job = z.object({
  steps: z.array(step),
  strategy: z.object({ matrix: z.object({ node: z.array(z.string()), machine: z.array(z.string()) }) }).optional(),
})
const workflow = z.object({ jobs: z.record(z.string(), job) })
const manifest = z.object({
  devDependencies: z.object({ node: z.string() }),
  scripts: z.record(z.string(), z.string()),
})

const { jobs } = workflow.parse(parse(readFileSync('.github/workflows/test.yml', 'utf8')))
const { devDependencies, scripts } = manifest.parse(JSON.parse(readFileSync('package.json', 'utf8')))
/** The oldest that the program starts on. */
const oldest = /wanted = \[(\d+), (\d+)\]/.exec(readFileSync('bin/shrike.js', 'utf8'))?.slice(1).join('.')
const major = devDependencies.node.split('.')[0]

test('the workflow tries the oldest Node that is promised, the one that is installed and the newest', () => {
  const { matrix } = jobs.quick.strategy ?? assert.fail('no matrix')
  assert.deepEqual(matrix.node, [oldest, major, 'latest'])
  assert.ok(
    matrix.machine.some((name) => name.endsWith('-arm')) && matrix.machine.some((name) => !name.includes('arm')),
  )
})

test('the workflow runs what there is', () => {
  for (const { run = '', with: options } of Object.values(jobs).flatMap(({ steps }) => steps)) {
    const script = /^npm (?:run )?(test|[\w:]+)$/.exec(run)?.[1]
    if (script !== undefined) assert.ok(script in scripts || script === 'ci', run)
    else if (run.startsWith('.')) assert.ok(existsSync(run.split(' ')[0]), run)
    const node = options?.['node-version']
    assert.ok(node === undefined || node === major || node.startsWith('$'), node)
  }
})
