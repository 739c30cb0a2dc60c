import { afterEach } from 'node:test'
import { createKeyRing, digestKey } from '../../src/access/keys.ts'
import type { Role } from '../../src/access/roles.ts'
import { createDetectorInForce } from '../../src/deciding/detector-in-force.ts'
import type { Detector } from '../../src/detector/detector.ts'
import { amountPredictor, cardsDetector, openTestDecisions, startMs, type TestDecisions } from './decisions-fixture.ts'
import { buildTestService } from './fixture.ts'

export const velocity = {
  id: 'velocity',
  when: 'card_count_1h > 2',
  then: 'decline',
  reason: '{card_count_1h} in an hour',
}

const json = { 'content-type': 'application/json' }
const createdAt = '2026-11-22T09:00:00.000Z'

interface Options {
  readonly personal?: readonly string[]
  readonly hashCardNumber?: readonly string[]
  /** Of `key:ann`, who is an author; without one nobody is asked for a key. */
  readonly key?: string
  readonly roles?: Role[]
}

const open: TestDecisions[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

/** A service whose policy can be changed over HTTP, and which is closed after the test. */
export async function openPolicy({ key, roles = ['author'], ...transaction }: Options = {}) {
  const { personal, hashCardNumber } = transaction
  const changed: Partial<Detector['transaction']> = {
    ...(personal && { personal: [...personal] }),
    ...(hashCardNumber && { hashCardNumber: [...hashCardNumber] }),
  }
  const inForce = createDetectorInForce(cardsDetector({}, changed), amountPredictor())
  const running = await openTestDecisions({ inForce })
  open.push(running)
  await running.service.resume()
  const { service, metrics } = running
  const stored = key === undefined ? undefined : [{ name: 'ann', roles, sha256: digestKey(key), createdAt }]
  const ring = createKeyRing([], stored)
  const { app } = await buildTestService({ decisions: service, metrics, keyRing: () => ring })
  const send =
    (method: 'POST' | 'PUT') =>
    (url: string, body: unknown, headers: object = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return app.inject({ method, url, headers: { ...json, ...headers }, body: text })
    }
  let ids = 0
  const decide = (more: object = {}) =>
    service.decide({ ID: `t-${ids++}`, TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's', ...more }, undefined, () => 0)
  return { ...running, app, post: send('POST'), put: send('PUT'), decide }
}
