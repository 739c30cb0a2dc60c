import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { examples } from '../../test/examples.ts'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  openTestDecisions,
} from '../../test/service/decisions-fixture.ts'
import { openTestService } from '../../test/service/fixture.ts'
import { startService } from '../app.ts'
import { FraudError } from '../core/errors.ts'
import type { Predictor } from '../scoring/predictor.ts'
import { serveable } from '../scoring/served-model.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import { Lineup } from './lineup.ts'

const open = closedAfterEach()
const reloads = examples(20)
const connections = 24

async function start(predictor: Predictor) {
  const running = await openTestDecisions({ inForce: createDetectorInForce(patient, predictor), clock: () => nowMs })
  open.push(running)
  await running.service.resume()
  return running
}

/** Two bundles that answer the same amount differently, and name themselves by it. */
const scales = [1000, 4000]
const predictors = scales.map((scale) => amountPredictor(`of-${scale}@0123456789ab`, scale))
const amount = 100
const nowMs = Date.now()
// A machine under load scores late, and a late score is none.
const patient = cardsDetector({ policy: { review: 0.5, decline: 0.9, deadlineMs: 60_000 } })
const bundleOf = (probability: number) => scales.indexOf(amount / probability)

describe('a lineup', () => {
  test('tells its observers of each other bundle, in their order, once it is in force', () => {
    const [first, second] = predictors.map((predictor) => ({ model: serveable(predictor) }))
    const lineup = new Lineup(first)
    const heard: string[] = []
    lineup.onSwap((now, before) => heard.push(`${before.model?.modelId} -> ${now.model?.modelId}`))
    lineup.onSwap((now) => heard.push(String(lineup.champion === now)))
    lineup.put({ ...first })
    assert.deepEqual(heard, [], 'the same bundle goes on')
    lineup.put(second)
    assert.deepEqual(heard, ['of-1000@0123456789ab -> of-4000@0123456789ab', 'true'])
  })
})

describe('a bundle that is refused', () => {
  test("leaves both routes on the old one, where it can't predict its own example", async () => {
    const running = await start(predictors[0])
    const { url, app } = await openTestService({ lineup: running.service.lineup, decisions: running.service })
    const broken = { ...predictors[1], example: {} }
    await assert.rejects(
      running.service.use(createDetectorInForce(patient, broken)),
      (error) => error instanceof FraudError && error.code === 'BUNDLE_INVALID',
    )
    const { decided, predicted } = await askBoth(url)
    assert.deepEqual([decided.model, decided.score, predicted.probability], [predictors[0].modelId, 0.1, 0.1])
    await app.close()
  })

  test('leaves both on the old one, where its definition could not be written', async () => {
    const running = await start(predictors[0])
    const { url, app } = await openTestService({ lineup: running.service.lineup, decisions: running.service })
    const append = running.log.append.bind(running.log)
    const full = new FraudError('LOG_UNAVAILABLE', 'The disk is full')
    running.log.append = (record, settled, beside) => {
      if (record.kind !== 'definition') return append(record, settled, beside)
      setImmediate(() => settled(full))
      return 0
    }
    await assert.rejects(running.service.use(createDetectorInForce(patient, predictors[1])), full)
    const { decided, predicted } = await askBoth(url)
    assert.deepEqual([decided.model, predicted.probability], [predictors[0].modelId, 0.1])
    await app.close()
  })
})

/** What it says to a decision and a prediction. */
async function askBoth(url: string) {
  const agent = new Agent()
  const decided = JSON.parse(await post(agent, `${url}/v1/decisions`, purchase('one')))
  const predicted = JSON.parse(await post(agent, `${url}/predict`, `{"amount":${amount}}`))
  agent.destroy()
  return { decided, predicted }
}

const purchase = (id: string) =>
  JSON.stringify({ ID: id, TIME: nowMs, AMOUNT: amount, CARD: `C${id.length}`, SHOP: 'S' })

async function post(agent: Agent, url: string, body: string): Promise<string> {
  const call = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } })
  call.end(body)
  const [response] = await once(call, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  assert.equal(response.statusCode, 200, text)
  return text
}

test('answers of both routes are of one bundle at a time, while many reloads go on under load', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'shrike-lineup-'))
  // An answer is noted where its model is asked, and one thread asks them all: this is the order in which they are made.
  const made: { readonly route: 'predict' | 'decide'; readonly bundle: number }[] = []
  const watched = predictors.map(
    (predictor, bundle): Predictor => ({
      ...predictor,
      predict(row) {
        // A prediction's row is the model's one input, a decision's all features. Other amounts are a bundle's own trials.
        if (row[0] === amount) made.push({ route: row.length === 1 ? 'predict' : 'decide', bundle })
        return predictor.predict(row)
      },
    }),
  )
  let loads = 0
  const service = await startService({
    ...{ host: '127.0.0.1', port: 0, workers: 1, insecure: false, apiKeys: [], version: '0', logLevel: 'silent' },
    load: async () => ({ predictor: watched[loads++ % 2], detector: patient }),
    decisions: { directory },
    limits: { eventLoopLagMs: 60_000 },
  })
  await service.ready
  const load = startLoad(service.url)
  t.after(async () => {
    await load.stop().catch(() => {})
    await service.close()
    await rm(directory, { recursive: true, force: true })
  })
  for (let reload = 1; reload <= reloads; reload++) {
    // Some of each bundle, by each route.
    const from = made.length
    while (made.length < from + connections || !isOfBoth(made.slice(from)))
      await Promise.race([load.failed, nextTurn()])
    await service.reload()
  }
  const seen = await load.stop()
  await service.close()

  const changes = made.filter(({ bundle }, i) => i > 0 && bundle !== made[i - 1]?.bundle)
  assert.equal(changes.length, reloads, 'an answer of the bundle before came after one of the next')
  for (const counts of Object.values(seen)) {
    for (const count of counts) assert.ok(count >= reloads / 2, JSON.stringify(seen))
  }
  assert.equal(sumOf(seen.predict) + sumOf(seen.decide), made.length, 'each answer was noted')
})

const sumOf = ([first, second]: readonly number[]) => first + second
const isOfBoth = (answers: readonly { readonly route: string }[]) =>
  new Set(answers.map(({ route }) => route)).size === 2

/** Asks for predictions and decisions over many connections, and counts the answers by the bundle that they name or show. */
function startLoad(url: string) {
  let isOver = false
  const seen = { predict: [0, 0], decide: [0, 0] }
  const clients = Array.from({ length: connections }, async (_, client) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let i = 0; !isOver; i++) {
      if (client % 2 === 0) {
        const { probability } = JSON.parse(await post(agent, `${url}/predict`, `{"amount":${amount}}`))
        seen.predict[bundleOf(probability)] += 1
      } else {
        const { score, model } = JSON.parse(await post(agent, `${url}/v1/decisions`, purchase(`t-${client}-${i}`)))
        assert.equal(model, predictors[bundleOf(score)].modelId)
        seen.decide[bundleOf(score)] += 1
      }
    }
    agent.destroy()
  })
  const ended = Promise.all(clients)
  ended.catch(() => {})
  return {
    /** Rejects where an answer was none. */
    failed: ended,
    async stop() {
      isOver = true
      await ended
      return seen
    },
  }
}
