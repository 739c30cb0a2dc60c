import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { guideCode } from '../client/guide-code.ts'
import { openTestDecisions, startMs } from '../service/decisions-fixture.ts'
import { openTestService } from '../service/fixture.ts'

const run = promisify(execFile)
const key = 'a-key-of-sixteen-characters'
const generator = spawnSync('which', ['openapi-python-client'], { encoding: 'utf8' }).stdout.trim()
const skip = generator === '' && 'openapi-python-client is not installed'

test('the guide has a Python client that decides', { skip }, async () => {
  const decisions = await openTestDecisions()
  await decisions.service.resume()
  const { app, url } = await openTestService({ decisions: decisions.service, apiKeys: [key] })
  try {
    const folder = decisions.path
    const document = await app.inject({ url: '/openapi.json', headers: { authorization: `Bearer ${key}` } })
    writeFileSync(join(folder, 'openapi.json'), document.body)
    const command = guideCode('sh')
      .join('')
      .split('\n')
      .find((line) => line.startsWith('openapi-python-client'))
    assert.ok(command)
    const env = { ...process.env, SHRIKE_URL: url, SHRIKE_API_KEY: key, PYTHONPATH: join(folder, 'shrike-client') }
    await run(generator, command.split(' ').slice(1), { cwd: folder, env })
    const purchase = JSON.stringify({ ID: 't-1', TIME: startMs, AMOUNT: 600, CARD: 'c-1', SHOP: 's-1' })
    const code = `${guideCode('python').join('\n')}\nimport json\nprint(outcome_of(json.loads('${purchase}')))\n`
    // The guide's time is for a machine that is not testing.
    writeFileSync(join(folder, 'guide.py'), code.replace('timeout=0.15', 'timeout=30'))
    const { stdout } = await run(join(dirname(generator), 'python'), [join(folder, 'guide.py')], { env })
    assert.equal(stdout.trim(), 'review')
    assert.equal((await decisions.service.view('t-1'))?.outcome, 'review')
  } finally {
    await app.close()
    await decisions.close()
  }
})
