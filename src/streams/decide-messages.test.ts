import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedAfterEach, openTestDecisions, startMs } from '../../test/service/decisions-fixture.ts'
import { labelMessages } from './decide-messages.ts'

const open = closedAfterEach()

/** Takes labels of a transaction in, and tells which the log holds then. */
async function openLabels(source?: string) {
  const running = await openTestDecisions()
  open.push(running)
  const { service, clock, say } = running
  await service.resume()
  clock.nowMs = startMs + 1000
  const transaction = { ID: 't', TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's', NOTE: 'n' }
  const decide = () => service.decide(transaction, undefined, performance.now.bind(performance))
  const takeIn = labelMessages(service, 'stream', say, new AbortController().signal)
  const take = async (...said: readonly (readonly [isFraud: boolean, afterMs: number])[]) => {
    clock.nowMs += 10_000
    const messages = said.map(([isFraud, afterMs]) => ({
      value: Buffer.from(JSON.stringify({ transactionId: 't', isFraud, source })),
      timestampMs: startMs + afterMs,
    }))
    const outcomes = await takeIn(messages)
    assert.deepEqual(outcomes.map(({ refusal }) => refusal).filter(Boolean), [])
    const found = await service.find('t')
    return found?.labels.map(({ isFraud, knownAt }) => [isFraud, Date.parse(knownAt) - startMs] as const)
  }
  return { take, decide, service, clock }
}

test('labels that are read again after a crash change nothing', async () => {
  const { take, decide } = await openLabels()
  await decide()
  const said = [
    [true, 2000],
    [true, 3000],
    [false, 4000],
  ] as const
  const kept = [
    [true, 2000],
    [false, 4000],
  ]
  assert.deepEqual(await take(...said), kept)
  assert.deepEqual(await take(...said), kept, 'also the second, which was a repeat when it came first')
  assert.deepEqual(await take([true, 5000]), [...kept, [true, 5000]], 'what was said since is new')
  assert.deepEqual(await take(...said), [...kept, [true, 5000]])
})

test('a label that is read again does not overrule what an analyst said since', async () => {
  const { take, decide, service, clock } = await openLabels()
  await decide()
  await take([true, 2000])
  await service.labelOfFile({ transactionId: 't', isFraud: false }, 'user:cay')
  const kept = [
    [true, 2000],
    [false, clock.nowMs - startMs],
  ]
  assert.deepEqual(await take([true, 2000]), kept)
})

for (const source of [undefined, 'analyst:ann']) {
  test(`a label stays where an analyst takes a verdict back that said the same, of ${source ?? 'no source'}`, async () => {
    const { take, decide, service, clock } = await openLabels(source)
    await decide()
    const { desk } = service
    const { id } = await desk.open(['t'], undefined, 'user:ann')
    await desk.verdict(id, { verdict: 'fraud' }, 'user:ann')
    const judged = [true, clock.nowMs - startMs] as const
    const said = [true, 2000] as const
    assert.deepEqual(await take(said), [judged, said])
    await desk.undo(id, undefined, 'user:ann')
    assert.deepEqual(await take(said), [said], 'and changes nothing when it comes again')
  })
}

test('a label is not known before its transaction, nor further ahead of the clock than may be', async () => {
  const { take, decide } = await openLabels()
  await take([true, -1000])
  await decide()
  assert.deepEqual(await take([true, -1000], [false, -500]), [
    [true, -1000],
    [false, 0],
  ])
  const kept = await take([true, 400 * 86_400_000])
  assert.ok(kept !== undefined && kept[2][1] < 2 * 86_400_000, String(kept))
  assert.deepEqual(await take([true, -1000], [false, -500]), kept)
})
