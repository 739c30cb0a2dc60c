import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { openCases } from '../../test/service/case-routes.ts'
import { readLabels } from '../backtest/log-slices.ts'
import { labelRanks } from '../detector/label-precedence.ts'
import type { Sequenced } from '../log/log-record.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'

const sources = ['chargeback', 'issuer:amex', 'analyst:zoe', 'till', undefined] as const

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ of: fc.nat(3), isFraud: fc.boolean(), source: fc.constantFrom(...sources) }),
    },
    { weight: 2, arbitrary: fc.record({ judges: fc.nat(3), isFraud: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ undoes: fc.nat(3) }) },
  ),
  { minLength: 1, maxLength: 25 },
)

/** What a person would say who reads all records: which label of an id counts now. */
function believed(records: readonly Sequenced[], id: string): boolean | undefined {
  const ranks = ['till', 'analyst', 'issuer', 'chargeback']
  const withdrawn = new Set(records.flatMap((record) => (record.kind === 'label-withdrawn' ? [record.label] : [])))
  const said = records.flatMap((record) =>
    record.kind === 'label' && record.id === id && !withdrawn.has(record.sequence) ? [record] : [],
  )
  const rankOf = (source = 'till') => Math.max(0, ranks.indexOf(source.split(':')[0]))
  const most = Math.max(...said.map(({ source }) => rankOf(source)))
  return said.findLast(({ source }) => rankOf(source) === most)?.isFraud
}

describe('the label that counts', () => {
  test('is the same to features, figures, backtests and whoever asks, whatever was said, judged and undone', async () => {
    const property = fc.asyncProperty(steps, async (all) => {
      const { service, log, decide, path, close, get, clock } = await openCases()
      const { desk } = service
      // The first label comes before its transaction.
      await service.label({ transactionId: 't-3', isFraud: true, source: 'issuer' }, 'key:bank')
      for (let i = 0; i < 4; i++) await decide({ CARD: `c-${i}` })
      const cases = [...desk.cases.all()].map(({ id }) => id)
      for (const step of all) {
        if ('of' in step) {
          const { of, isFraud, source } = step
          const label = { transactionId: `t-${of}`, isFraud, ...(source !== undefined && { source }) }
          await service.label(label, 'key:bank')
        } else if ('judges' in step) {
          const said = { verdict: step.isFraud ? 'fraud' : 'legitimate' } as const
          await desk.verdict(cases[step.judges], said, 'user:ann').catch(() => {})
        } else await desk.undo(cases[step.undoes], undefined, 'user:ann').catch(() => {})
      }
      const records = log.reading.next(0, 10_000)
      const { labels } = service.decider.state?.projections ?? assert.fail()
      const reader = new SqliteLogReader(join(path, 'log.sqlite'))
      const slice = { after: 0, through: log.reading.lastSequence() }
      const codes = readLabels(reader, slice, Number.POSITIVE_INFINITY, labelRanks(service.inForce.detector))
      for (let i = 0; i < 4; i++) {
        const expected = believed(records, `t-${i}`)
        const { sequence } = log.reading.find(`t-${i}`) ?? assert.fail()
        assert.equal(labels.isFraud(sequence), expected, `standing, t-${i}`)
        assert.equal([undefined, false, true][codes[sequence]], expected, `backtest, t-${i}`)
        const detail = await service.find(`t-${i}`)
        assert.equal(detail?.labels.find(({ counts }) => counts)?.isFraud, expected, `detail, t-${i}`)
        clock.nowMs += 1000
        await decide({ CARD: `c-${i}`, AMOUNT: 1, TIME: clock.nowMs })
        const { decisions } = await get('/v1/decisions?limit=1')
        const { features } = await get(`/v1/decisions/${decisions[0].transactionId}`)
        assert.equal(features.card_fraud_count_7d, expected === true ? 1 : 0, `histories, t-${i}`)
      }
      reader.close()
      await close()
    })
    await fc.assert(property, { numRuns: examples(3) })
  })
})
