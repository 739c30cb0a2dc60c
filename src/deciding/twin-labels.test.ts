import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openCases } from '../../test/service/case-routes.ts'

describe('two labels that say the same at the same time', () => {
  for (const source of ['analyst:zoe', undefined]) {
    for (const undone of ['first', 'second'] as const) {
      test(`are told apart where the ${undone} is withdrawn, of ${source ?? 'no source'}`, async () => {
        const { service, decide, close, get, clock } = await openCases()
        const { desk } = service
        await decide({ CARD: 'c-0' })
        const [{ id }] = [...desk.cases.all()]
        const judge = () => desk.verdict(id, { verdict: 'legitimate' }, 'user:ann')
        const say = (isFraud: boolean) =>
          service.label({ transactionId: 't-0', isFraud, ...(source !== undefined && { source }) }, 'key:bank')
        if (undone === 'first') await judge()
        else await say(false)
        await say(true)
        if (undone === 'first') await say(false)
        else await judge()
        await desk.undo(id, undefined, 'user:ann')
        clock.nowMs += 1000
        const detail = await service.find('t-0')
        const expected = detail?.labels.find(({ counts }) => counts)?.isFraud
        await decide({ CARD: 'c-0', AMOUNT: 1, TIME: clock.nowMs })
        const { decisions } = await get('/v1/decisions?limit=1')
        const { features } = await get(`/v1/decisions/${decisions[0].transactionId}`)
        const labels = detail?.labels.map(({ isFraud, source, knownAt, counts }) => [isFraud, source, knownAt, counts])
        await close()
        assert.equal(features.card_fraud_count_7d, expected === true ? 1 : 0, JSON.stringify(labels))
      })
    }
  }
})
