import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { amountPredictor, cardsDetector } from '../../test/service/decisions-fixture.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import { warmUp } from './warm-up.ts'

const options = { hashCardNumber: (digits: string) => digits, cardKeyCheck: undefined, clock: Date.now }

/** A detector whose model counts its rows. */
function counting(changed: Parameters<typeof cardsDetector>[0] = {}) {
  const counts = { rows: 0 }
  const predictor = { ...amountPredictor(), inputs: ['amount'], example: { amount: 1 } }
  const predict = (row: Float64Array) => {
    counts.rows += 1
    return predictor.predict(row)
  }
  return { counts, inForce: createDetectorInForce(cardsDetector(changed), { ...predictor, predict }) }
}

test('decides hundreds of made-up transactions over HTTP, and leaves nothing open', async () => {
  const opened = () => process.getActiveResourcesInfo().filter((kind) => /TCP/.test(kind)).length
  const before = opened()
  const { counts, inForce } = counting()
  const nowMs = Date.now()
  await warmUp(inForce, { ...options, clock: () => nowMs })
  assert.ok(counts.rows >= 200, `${counts.rows} rows`)
  assert.equal(opened(), before)
})

test('ends once its time is over, however slow the model is', async () => {
  const { counts, inForce } = counting()
  let nowMs = Date.now()
  await warmUp(inForce, { ...options, clock: () => (nowMs += 10) })
  assert.ok(counts.rows < 200, `${counts.rows} rows`)
})

test('gives up at the first transaction that is refused', async () => {
  // The example has the first value of the list, and no service takes a card number.
  const { counts, inForce } = counting({
    features: ['amount', { category: { of: 'note', values: ['4111111111111111'] } }],
  })
  await warmUp(inForce, options)
  assert.ok(counts.rows < 10, `${counts.rows} rows`)
})

test('ends in order where its connections break', async () => {
  const sockets: Socket[] = []
  const keep = (message: unknown) => {
    if (isAbout(message)) sockets.push(message.socket)
  }
  const { counts, inForce } = counting()
  const { predict } = inForce.predictor
  const breaking = (row: Float64Array) => {
    for (const socket of sockets) socket.resetAndDestroy()
    return predict(row)
  }
  subscribe('net.server.socket', keep)
  try {
    await warmUp({ ...inForce, predictor: { ...inForce.predictor, predict: breaking } }, options)
  } finally {
    unsubscribe('net.server.socket', keep)
  }
  assert.equal(sockets.length, 2)
  assert.ok(counts.rows < 10, `${counts.rows} rows`)
})

function isAbout(message: unknown): message is { readonly socket: Socket } {
  return typeof message === 'object' && message !== null && 'socket' in message && message.socket instanceof Socket
}
