import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedAfterEach, openTestDecisions } from '../../test/service/decisions-fixture.ts'
import { warmChecker } from './warm-checker.ts'

const open = closedAfterEach()

test('made-up rules are checked, good and bad ones, and nothing is kept of them', async () => {
  const live = await openTestDecisions()
  open.push(live)
  const { service, log } = live
  await service.resume()
  const next = log.nextSequence
  const found: number[] = []
  const examine = (change: unknown) => {
    const examined = service.examine(change)
    found.push(examined.problems.length)
    return examined
  }
  await warmChecker({ examine, isReady: service.isReady, policy: service.policy })
  assert.ok(found.length > 20 && found.includes(0) && found.some((count) => count > 0), found.join(' '))
  assert.equal(log.nextSequence, next)
  assert.equal(service.policy.definitions.rules.size, 0)
})
