import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createKeyRing } from '../../src/access/keys.ts'
import { type Service, startService } from '../../src/app.ts'
import { examples, oneOf } from '../examples.ts'
import { shrikeScript } from '../run-shrike.ts'
import { amountPredictor, cardsDetector } from '../service/decisions-fixture.ts'

// Schemathesis reads /openapi.json, makes up what fits it and what does not, and asks a real service: every answer has to
// be one that the document promises.

const program = resolve('bench/.venv/bin/schemathesis')
const isThere = existsSync(program)
const skip = isThere ? false : 'Schemathesis is not there; `npm run bench:peers` installs it'
const seed = process.env.FAST_CHECK_SEED ?? '1'
const mostExamples = String(examples(5))
const apiKey = 'an-admin-key-for-schemathesis'

describe('the OpenAPI document holds, by Schemathesis', { skip, concurrency: true }, () => {
  for (const [name, apiKeys] of oneOf<readonly [string, readonly string[]]>(2, [
    ['with keys', [apiKey]],
    ['without keys', []],
  ])) {
    describe(name, () => {
      let folder: string
      let service: Service

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), 'shrike-schemathesis-'))
        service = await serve(join(folder, 'data'), apiKeys)
      })
      after(async () => {
        await service.close()
        await rm(folder, { recursive: true, force: true })
      })

      test('in every phase', async () => {
        const { status, output } = await run(service.url, folder, apiKeys)
        assert.equal(status, 0, output.slice(0, 20_000))
        for (const phase of ['Examples', 'Coverage', 'Fuzzing', 'Stateful'])
          assert.match(output, new RegExp(`✅ ${phase}`))
        assert.match(output, /Tested: [3-9][0-9]/)
      })
    })
  }
})

async function serve(directory: string, apiKeys: readonly string[]): Promise<Service> {
  const ring = createKeyRing(apiKeys)
  const predictor = { ...amountPredictor(), inputs: ['amount'], example: { amount: 12.5 } }
  const service = await startService({
    load: async () => ({ predictor, detector: cardsDetector({}, { personal: ['shop'] }) }),
    decisions: { directory },
    jobs: { args: [shrikeScript, 'job', 'run', '--data', directory], files: undefined },
    ...{ host: '127.0.0.1', port: 0, workers: 1, insecure: false, apiKeys, keyRing: () => ring },
    ...{ version: '0.0.0-test', logLevel: 'silent', limits: { eventLoopLagMs: 60_000 } },
  })
  await service.ready
  return service
}

/**
 * Of the cases that cover all that a schema says two thirds are of four bodies. One of them is that of another, and one a
 * part of another: they are covered themselves at night alone, and have examples and made-up requests by day, too.
 */
const coveredByOthers = `
[[operations]]
include-operation-id = ["checkChange", "startBacktest"]
phases.coverage.enabled = false
`

async function run(url: string, folder: string, apiKeys: readonly string[]) {
  const here = import.meta.dirname
  const config = join(folder, 'schemathesis.toml')
  const own = readFileSync(join(here, 'schemathesis.toml'), 'utf8')
  writeFileSync(config, `${own}${examples(1) > 1 ? '' : coveredByOthers}`)
  const keys = apiKeys.flatMap((key) => ['--header', `Authorization: Bearer ${key}`])
  const how = ['--checks', 'all', '--seed', seed, '--max-examples', mostExamples, '--continue-on-failure', '--no-color']
  const args = ['--config-file', config, 'run', `${url}/openapi.json`, ...how, ...keys]
  const env = { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: here, PYTHONDONTWRITEBYTECODE: '1' }
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const [status] = await once(child, 'close')
  return { status, output }
}
