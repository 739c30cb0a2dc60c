import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { closedAfterEach, openTestDecisions } from '../../test/service/decisions-fixture.ts'
import { buildTestService } from '../../test/service/fixture.ts'

const open = closedAfterEach()

describe('a process of a pair', () => {
  test('is not ready, and passes nothing on, where the address of the one that decides leads back to it', async () => {
    const running = await openTestDecisions()
    open.push(running)
    const url = 'http://127.0.0.1:1'
    const pair = { leader: () => ({ holder: 'process 7 on one', url }), ownUrl: () => url, holder: 'process 7 on two' }
    const { app } = await buildTestService({ decisions: running.service, pair })
    const detail = `Another process decides (process 7 on one), and says that it is reached at ${url}, which is this process itself`
    for (const path of ['/readyz', '/v1/policy']) {
      const answer = await app.inject({ method: 'GET', url: path })
      assert.deepEqual([answer.statusCode, answer.json().detail], [503, detail], path)
    }
  })
})
