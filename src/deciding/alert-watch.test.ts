import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  openTestDecisions,
  startMs,
} from '../../test/service/decisions-fixture.ts'
import type { FraudError } from '../core/errors.ts'
import type { AlertEvent, AlertSink } from '../monitoring/alert.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import { Rebuild } from './rebuild.ts'

const open = closedAfterEach()
const hourMs = 3_600_000

function recordingSink(): AlertSink & { readonly told: AlertEvent[] } {
  const told: AlertEvent[] = []
  return {
    told,
    tell: (event) => void told.push(event),
    figures: { sent: 0, failed: 0, waiting: 0 },
    close: async () => {},
  }
}

test('what moved begins an alert that says from what to what, is recorded, told once, and ends', async () => {
  const sink = recordingSink()
  const inForce = createDetectorInForce(cardsDetector(), amountPredictor())
  const running = await openTestDecisions({ inForce, alertSink: sink, maxAheadMs: Number.POSITIVE_INFINITY })
  open.push(running)
  const { service, log, clock } = running
  await service.resume()
  let sent = 0
  const decideFor = async (hours: number, amountOf: (i: number) => number) => {
    for (let hour = 0; hour < hours; hour++) {
      clock.nowMs += hourMs
      const batch = Array.from({ length: 12 }, () => {
        sent += 1
        const amount = amountOf(sent)
        return service.decide(
          { ID: `t-${sent}`, TIME: clock.nowMs, AMOUNT: amount, CARD: `c-${sent % 97}`, SHOP: 's' },
          undefined,
          () => 0,
        )
      })
      await Promise.all(batch)
    }
  }
  const usual = (i: number) => 10 + (i % 40)
  await decideFor(15 * 24, usual)
  await service.alerts.look()
  const firing = () => service.alertStates.firing.map(({ alert, subject }) => `${alert}: ${subject}`)
  assert.ok(!firing().some((each) => each.includes('amount against past')), firing().join())
  await decideFor(24, (i) => 3 * usual(i))
  await service.alerts.look()
  await service.alerts.look()
  const event = sink.told.find(({ subject }) => subject === 'amount against past')
  assert.ok(event !== undefined, firing().join())
  assert.equal(event.alert, 'drift')
  assert.ok(Math.abs((event.from ?? 0) - 29.5) < 1 && Math.abs((event.to ?? 0) - 88.5) < 4, event.text)
  assert.match(
    event.text,
    /amount is spread differently than in the weeks before: PSI [\d.]+, [\d.]+ at least, its mean from 29\.\d to 8\d/,
  )
  assert.equal(sink.told.filter(({ subject }) => subject === event.subject).length, 1)
  assert.ok(sink.told.every(({ sequence }, i) => i === 0 || sequence > sink.told[i - 1].sequence))
  // Another process would know the same.
  const rebuild = new Rebuild(inForce, log.reading, undefined, {})
  while (rebuild.step());
  assert.deepEqual(rebuild.projections.alerts.events, service.alertStates.events)
  // Nobody asks for it any more: it ends once nothing has spoken for it for half an hour.
  const alerts = [{ kind: 'drift', isOn: false, severity: 'info' }]
  await service.alerts.define(alerts, {}, { by: 'user:ann', why: 'a test' })
  await service.alerts.look()
  assert.ok(firing().includes(`drift: ${event.subject}`))
  clock.nowMs += hourMs
  await service.alerts.look()
  assert.ok(!firing().some((each) => each.startsWith('drift')))
  assert.equal(sink.told.at(-1)?.state, 'resolved')
  assert.equal(sink.told.findLast(({ subject }) => subject === event.subject)?.since, event.since)
})

test('definitions that are not valid are refused as a whole', async () => {
  const running = await openTestDecisions()
  open.push(running)
  const { service, clock } = running
  clock.nowMs = startMs
  await service.resume()
  for (const [given, field] of [
    [[{ kind: 'nothing', isOn: true, severity: 'info' }], 'alerts.0.kind'],
    [[{ kind: 'drift', isOn: true, severity: 'info', limit: -1 }], 'alerts.0.limit'],
    [
      [
        { kind: 'drift', isOn: true, severity: 'info' },
        { kind: 'drift', isOn: false, severity: 'info' },
      ],
      'alerts.1.kind',
    ],
    [[{ kind: 'fuse', isOn: true, severity: 'info', limit: 3 }], 'alerts.0.limit'],
    [[{ kind: 'missing', isOn: true, severity: 'info', limit: 5 }], 'alerts.0.limit'],
    [[{ kind: 'fuse', isOn: true, severity: 'info', note: 'Of 4111 1111 1111 1111' }], 'alerts.0.note'],
    ['all', 'alerts'],
  ] as const) {
    await assert.rejects(
      service.alerts.define(given, {}, { by: 'user:ann', why: '' }),
      (error: { errors: { field: string }[] }) => {
        assert.equal(error.errors[0].field, field)
        return true
      },
    )
  }
  await assert.rejects(service.alerts.define([], { whi: '' }, { by: 'user:ann', why: '' }), (error: FraudError) => {
    assert.deepEqual(error.errors, [{ field: '(body)', reason: 'it has no "whi"' }])
    return true
  })
  assert.equal(service.alertStates.definedBy, 0)
  const version = await service.alerts.define(
    [{ kind: 'fuse', isOn: false, severity: 'info' }],
    {},
    { by: 'user:ann', why: 'why' },
  )
  assert.equal(service.alertStates.definedBy, version)
  assert.equal(service.alertStates.definitions.find(({ kind }) => kind === 'fuse')?.isOn, false)
  assert.equal(service.alertStates.definitions.find(({ kind }) => kind === 'drift')?.isOn, true)
})
