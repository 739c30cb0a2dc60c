import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { buildTestService } from '../../test/service/fixture.ts'
import { createKeyRing, digestKey } from '../access/keys.ts'
import { roles } from '../access/roles.ts'
import type { Job } from '../jobs/job.ts'
import { runJobs } from '../jobs/jobs.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { newJobId, openJobFiles } from '../stores/job-files.ts'
import type { ServerOptions } from './server.ts'

const closings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0)) await close()
})

/** A service with jobs whose processes end at once: Node runs an empty program. */
async function startService(options: Partial<ServerOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-job-routes-'))
  const files = join(folder, 'files')
  mkdirSync(files)
  for (const name of ['files/table.csv', 'secret.csv']) writeFileSync(join(folder, name), '')
  symlinkSync(join(folder, 'secret.csv'), join(files, 'link.csv'))
  const ended: Job[] = []
  const jobs = runJobs({
    store: openJobFiles(dataDirectory(join(folder, 'data'))),
    args: ['--eval', '0'],
    files,
    data: join(folder, 'data'),
    newId: newJobId,
    nowMs: () => 1,
    onEnd: (job) => ended.push(job),
    onFailure: (error) => assert.fail(String(error)),
  })
  const { app } = await buildTestService({ jobs, ...options })
  closings.push(async () => {
    await app.close()
    await jobs.close()
    rmSync(folder, { recursive: true })
  })
  const post = (payload: object) => app.inject({ method: 'POST', url: '/v1/jobs', payload })
  return { app, jobs, ended, post }
}

test('a job that could not be begun for want of room is begun once there is some', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-job-retry-'))
  const store = openJobFiles(dataDirectory(folder))
  const ended: Job[] = []
  const failures: unknown[] = []
  const jobs = runJobs({
    store: {
      ...store,
      takeTurn() {
        if (failures.length < 2) throw new Error('database or disk is full')
        return store.takeTurn()
      },
    },
    args: ['--eval', '0'],
    files: undefined,
    data: folder,
    newId: newJobId,
    nowMs: () => 1,
    onEnd: (job) => ended.push(job),
    onFailure: (error) => failures.push(error),
    retryMs: 1,
    // Nothing waits at the start.
    begin: new Promise(() => {}),
  })
  closings.push(async () => {
    await jobs.close()
    rmSync(folder, { recursive: true })
  })
  const { id } = await jobs.start({ kind: 'training', name: 'a' }, 'anyone')
  while (jobs.underway().length > 0) await sleep(10)
  assert.deepEqual([ended.map((job) => job.id), jobs.find(id).state, failures.length], [[id], 'failed', 2])
})

describe('the routes of jobs', () => {
  test('are open to the roles that they name', async () => {
    const keyOf = (role: string) => `${role}-key-0123456789`
    const createdAt = '2026-11-22T09:00:00.000Z'
    const ring = createKeyRing(
      [],
      roles.map((role) => ({ name: role, roles: [role], sha256: digestKey(keyOf(role)), createdAt })),
    )
    const { app } = await startService({ keyRing: () => ring })
    const readers: readonly string[] = ['viewer', 'analyst', 'author', 'approver', 'admin']
    const writers: readonly string[] = ['author', 'admin']
    const calls = [
      ['POST', '/v1/jobs', writers],
      ['DELETE', '/v1/jobs/x', writers],
      ['GET', '/v1/jobs', readers],
      ['GET', '/v1/jobs/x', readers],
      ['GET', '/v1/jobs/x/events', readers],
    ] as const
    for (const [method, url, allowed] of calls) {
      assert.equal((await app.inject({ method, url })).statusCode, 401)
      for (const role of roles) {
        const { statusCode } = await app.inject({ method, url, headers: { authorization: `Bearer ${keyOf(role)}` } })
        assert.equal(statusCode !== 403, allowed.includes(role), `${method} ${url} with ${role}: ${statusCode}`)
      }
    }
  })

  test('refuse requests with the fields that are wrong, and files of other places', async () => {
    const { post, jobs } = await startService()
    const training = { kind: 'training', name: 'a' }
    const manyWrong = { name: '../a', testShare: 1, model: { learner: 'oracle', maxDepth: 0 } }
    const wrong: readonly (readonly [object, readonly string[]])[] = [
      [{}, ['kind']],
      [{ kind: 'forecast', name: 'a' }, ['kind']],
      [{ kind: 'training' }, ['name']],
      [{ ...training, ...manyWrong }, ['model.learner', 'model.maxDepth', 'name', 'testShare']],
      [{ ...training, out: '/etc/passwd' }, ['(body)']],
      [{ ...training, testFrom: 'tomorrow' }, ['testFrom']],
      [{ ...training, split: 'random', testFrom: '2026-01-01' }, ['testFrom']],
      [{ kind: 'import', name: 'a', file: 'table.csv' }, ['detector']],
      ...['link.csv', '../secret.csv', '/etc/passwd', '.', '', 'nowhere'].map(
        (file) => [{ ...training, file }, ['file']] as const,
      ),
      [{ ...training, detector: '../secret.csv' }, ['detector']],
    ]
    for (const [body, fields] of wrong) {
      const answer = await post(body)
      const { code, errors } = answer.json()
      assert.deepEqual([answer.statusCode, code], [422, 'INPUT_INVALID'], answer.body)
      assert.deepEqual(errors.map(({ field }: { field: string }) => field).sort(), fields, answer.body)
      assert.doesNotMatch(answer.body, /secret\.csv|Invalid|undefined/)
    }
    assert.deepEqual(jobs.list(), [])
  })

  test('answer with what the document promises, and take the request that it shows', async () => {
    const { app, post } = await startService()
    const document = (await app.inject('/openapi.json')).json()
    const { valid, errors } = await new Validator().validate(document)
    assert.ok(valid, JSON.stringify(errors))
    const ajv = new Ajv2020({ strict: false })
    const operation = document.paths['/v1/jobs'].post
    const { schema, example } = operation.requestBody.content['application/json']
    const takes = (value: unknown) => ajv.validate(schema, value)
    assert.ok(takes(example))
    assert.ok(!takes({ ...example, testShare: 3 }))
    const job: Job = (await post({ ...example, file: 'table.csv' })).json()
    ajv.addSchema(document, 'api')
    const answer = 'api#/paths/~1v1~1jobs/post/responses/200/content/application~1json/schema'
    const isPromised: boolean = ajv.validate({ $ref: answer }, { ...job })
    assert.ok(isPromised, JSON.stringify(ajv.errors))
    const { id } = job
    assert.deepEqual((await app.inject('/v1/jobs')).json().jobs[0].id, id)
    for (const url of [`/v1/jobs/${id}?x=1`, '/v1/jobs?x=1', `/v1/jobs/${id}/events?x=1`])
      assert.equal((await app.inject(url)).statusCode, 422, url)
    const head = await app.inject({ method: 'HEAD', url: `/v1/jobs/${id}/events` })
    assert.deepEqual([head.statusCode, head.headers['content-type']], [200, 'text/event-stream'])
    const { allow } = (await app.inject({ method: 'PUT', url: `/v1/jobs/${id}` })).headers
    assert.deepEqual(String(allow).split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'OPTIONS'])
  })

  test('say that a job failed whose process ended before it began', async () => {
    const { app, post, ended } = await startService()
    const { id } = (await post({ kind: 'training', name: 'a' })).json()
    const events = await app.inject(`/v1/jobs/${id}/events`)
    const job = JSON.parse(/event: job\ndata: (.*)\n\n$/.exec(events.body)?.[1] ?? '{}')
    assert.deepEqual([job.state, job.error?.code], ['failed', 'INTERNAL'])
    assert.deepEqual(
      ended.map((each) => each.id),
      [id],
    )
    assert.equal((await app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })).json().code, 'JOB_ENDED')
  })

  test('let only so many wait', async () => {
    const { post, jobs } = await startService()
    const codes: unknown[] = []
    for (let i = 0; i < 40; i++) codes.push((await post({ kind: 'training', name: `n${i}` })).json().code)
    assert.ok(codes.includes('JOBS_FULL'))
    assert.ok(jobs.list().length < 40)
  })
})
