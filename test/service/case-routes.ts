import { afterEach } from 'node:test'
import { createKeyRing, digestKey } from '../../src/access/keys.ts'
import type { Role } from '../../src/access/roles.ts'
import { createDetectorInForce } from '../../src/deciding/detector-in-force.ts'
import type { Detector } from '../../src/detector/detector.ts'
import {
  amountPredictor,
  cardsDetector,
  openTestDecisions,
  startMs,
  type TestDecisions,
  type TestDecisionsOptions,
} from './decisions-fixture.ts'
import { buildTestService } from './fixture.ts'

const people: readonly (readonly [string, Role])[] = [
  ['ann', 'analyst'],
  ['ben', 'analyst'],
  ['eve', 'viewer'],
  ['lead', 'admin'],
]

const open: TestDecisions[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

interface Options extends TestDecisionsOptions {
  readonly cases?: Detector['cases']
  readonly transaction?: Partial<Detector['transaction']>
}

/** A service whose decisions are reviewed by people with keys of their own; it is closed after the test. */
export async function openCases({ cases, transaction = {}, ...options }: Options = {}) {
  const detector = cardsDetector(
    { policy: { review: 0.05 }, ...(cases && { cases }) },
    { keys: { card: 'CARD', shop: 'SHOP', customer: 'CUSTOMER' }, optionalKeys: ['customer'], ...transaction },
  )
  const running = await openTestDecisions({
    inForce: createDetectorInForce(detector, amountPredictor('amounts@0123456789ab', 10_000)),
    ...options,
  })
  open.push(running)
  await running.service.resume()
  const { service, metrics } = running
  const createdAt = '2026-11-22T09:00:00.000Z'
  const stored = people.map(([name, role]) => ({ name, roles: [role], sha256: digestKey(`${name}-key`), createdAt }))
  const { app } = await buildTestService({
    decisions: service,
    metrics,
    keyRing: () => createKeyRing([], stored),
  })
  const send = async (method: 'GET' | 'POST', name: string, url: string, body?: unknown) => {
    const headers = {
      authorization: `Bearer ${name}-key`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    return await app.inject({ method, url, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
  }
  let ids = 0
  /** Reviewed from 500.00 on. */
  const decide = (more: object = {}) =>
    service.decide({ ID: `t-${ids++}`, TIME: startMs, AMOUNT: 600, CARD: 'c', SHOP: 's', ...more }, undefined, () => 0)
  return {
    ...running,
    ...{ app, decide },
    get: async (url: string, name = 'ann') => (await send('GET', name, url)).json(),
    post: (name: string, url: string, body?: unknown) => send('POST', name, url, body),
    send,
  }
}
