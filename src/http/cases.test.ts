import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { openCases } from '../../test/service/case-routes.ts'
import { startMs } from '../../test/service/decisions-fixture.ts'

const idsOf = (page: { cases: readonly { id: string }[] }) => page.cases.map(({ id }) => id)
const minuteMs = 60_000

describe('cases over HTTP', () => {
  test('open with reviews, take in what the same card does, and are ranked by what is at stake', async () => {
    const { decide, get, log } = await openCases()
    await decide({ CARD: 'a', AMOUNT: 100 })
    await decide({ CARD: 'a', AMOUNT: 600 })
    await decide({ CARD: 'b', AMOUNT: 900 })
    const first = await get('/v1/cases')
    assert.deepEqual(
      first.cases.map((one: Record<string, unknown>) => [
        one.transactions,
        one.openTransactions,
        one.state,
        one.origin,
      ]),
      [
        [1, 1, 'open', 'review'],
        [1, 1, 'open', 'review'],
      ],
    )
    const [ofB, ofA] = first.cases
    assert.equal(ofB.expectedLossMinor, 0.09 * 90_000)
    assert.deepEqual(ofB.keys, [
      { key: 'card', value: 'b' },
      { key: 'shop', value: 's' },
    ])
    await decide({ CARD: 'a', AMOUNT: 700 })
    assert.deepEqual(idsOf(await get('/v1/cases')), [ofA.id, ofB.id])
    assert.equal((await get(`/v1/cases/${ofA.id}`)).expectedLossMinor, 0.06 * 60_000 + 0.07 * 70_000)
    // A decision makes no record but its own.
    assert.equal(log.nextSequence, 6)
  })

  test('add up no amounts of several currencies', async () => {
    const amount = { field: 'AMOUNT', digits: 2, currency: { field: 'CURRENCY' } }
    const { decide, get, post } = await openCases({ transaction: { amount } })
    const lossOf = async () => [
      ...(await get('/v1/cases?sort=oldest')).cases.map((one: Record<string, unknown>) => one.expectedLossMinor),
      (await get('/v1/cases/figures')).expectedLossMinor,
    ]
    await decide({ CARD: 'a', AMOUNT: 600, CURRENCY: 'EUR' })
    await decide({ CARD: 'b', AMOUNT: 700, CURRENCY: 'EUR' })
    assert.deepEqual(await lossOf(), [0.06 * 60_000, 0.07 * 70_000, 0.06 * 60_000 + 0.07 * 70_000])
    await decide({ CARD: 'd', AMOUNT: 60_000, CURRENCY: 'JPY' })
    assert.deepEqual(await lossOf(), [0.06 * 60_000, 0.07 * 70_000, 6_000_000, null])
    const { cases } = await get('/v1/cases?sort=oldest')
    await post('ann', `/v1/cases/${cases[2].id}/merge`, { into: cases[0].id })
    assert.deepEqual(await lossOf(), [null, 0.07 * 70_000, null])
  })

  test('are told with everything: facts, reasons, who did what, and what is like them', async () => {
    const { decide, get, post, service } = await openCases({ cases: { by: ['card', 'customer'] } })
    await decide({ CARD: 'a', CUSTOMER: 'x' })
    await decide({ CARD: 'b', CUSTOMER: 'y' })
    await decide({ CARD: 'b', CUSTOMER: 'x' })
    const [one, other] = (await get('/v1/cases')).cases
    assert.deepEqual([one.transactions, one.links, other.links], [2, [other.id], [one.id]])
    await post('ben', `/v1/cases/${one.id}/notes`, { text: 'They know each other' })
    const detail = await get(`/v1/cases/${one.id}`)
    assert.deepEqual(
      detail.members.map(({ decision }: { decision: { outcome: string; score: number } }) => decision.outcome),
      ['review', 'review'],
    )
    assert.match(detail.members[0].decision.reasons[0].text, /over the review threshold/)
    assert.ok(detail.members[0].missing.includes('NOTE'))
    const { sequence: _, ...deed } = detail.history[0]
    assert.deepEqual(deed, {
      at: new Date(startMs).toISOString(),
      by: 'key:ben',
      action: 'note',
      note: 'They know each other',
    })
    assert.deepEqual(detail.similar.at(1), { key: 'shop', value: 's', cases: 1, active: 1 })
    assert.equal(detail.linked[0].id, other.id)
    const { components } = await get('/openapi.json')
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const check = ajv.compile({ $ref: '#/components/schemas/CaseDetail', components })
    assert.ok(check(detail), JSON.stringify(check.errors))
    assert.ok(service.isReady)
  })

  test('are claimed by one person for half an hour, then free again', async () => {
    const { decide, post, get, clock } = await openCases()
    await decide({ CARD: 'a', AMOUNT: 900 })
    await decide({ CARD: 'b' })
    const mine = await post('ann', '/v1/cases/next/claim')
    assert.equal(mine.json().case.claim.by, 'key:ann')
    const { id } = mine.json().case
    const theirs = await post('ben', '/v1/cases/next/claim', {})
    assert.notEqual(theirs.json().case.id, id)
    assert.deepEqual((await post('ben', '/v1/cases/next/claim')).json(), { case: null })
    for (const [path, body] of [
      ['claim', undefined],
      ['release', undefined],
      ['verdict', { verdict: 'fraud' }],
      ['snooze', { until: '2026-11-23T00:00:00Z' }],
      ['assign', { to: 'key:ben' }],
      ['escalate', {}],
    ] as const) {
      const refused = await post('ben', `/v1/cases/${id}/${path}`, body)
      assert.deepEqual([path, refused.statusCode, refused.json().code], [path, 409, 'CASE_CLAIMED_BY_OTHER'])
    }
    assert.deepEqual(idsOf(await get('/v1/cases?state=claimed&claimedBy=key:ann')), [id])
    clock.nowMs = startMs + 30 * minuteMs
    assert.deepEqual(idsOf(await get('/v1/cases?state=claimed')), [])
    assert.equal((await post('ben', `/v1/cases/${id}/claim`)).json().claim.by, 'key:ben')
    assert.equal((await post('ben', `/v1/cases/${id}/release`)).json().state, 'open')
    assert.equal((await post('eve', `/v1/cases/${id}/claim`)).statusCode, 403)
    assert.equal((await post('ann', '/v1/cases/c-999/claim')).json().code, 'CASE_UNKNOWN')
  })

  test('are closed by a verdict, whose labels are there once, however often it is sent', async () => {
    const { decide, post, get, log, service } = await openCases({ cases: { codes: ['stolen', 'friendly'] } })
    await decide({ CARD: 'a' })
    await decide({ CARD: 'a' })
    await decide({ CARD: 'b' })
    const [one] = (await get('/v1/cases')).cases
    const unknown = await post('ann', `/v1/cases/${one.id}/verdict`, { verdict: 'fraud', code: 'stolne' })
    assert.deepEqual([unknown.statusCode, unknown.json().errors[0].field], [422, 'code'])
    for (let i = 0; i < 3; i++) {
      const given = await post('ann', `/v1/cases/${one.id}/verdict`, {
        verdict: 'fraud',
        code: 'stolen',
        note: 'Called',
      })
      assert.deepEqual([given.statusCode, given.json().state, given.json().verdict.code], [200, 'closed', 'stolen'])
    }
    const labels = [...log.reading.allLabels()]
    assert.deepEqual(
      labels.map(({ id, isFraud, source, by }) => ({ id, isFraud, source, by })),
      ['t-0', 't-1'].map((id) => ({ id, isFraud: true, source: 'analyst:ann', by: 'key:ann' })),
    )
    const again = await post('ben', `/v1/cases/${one.id}/verdict`, { verdict: 'legitimate' })
    assert.equal(again.json().code, 'CASE_CLOSED')
    await decide({ CARD: 'a' })
    assert.equal((await get('/v1/cases')).cases.length, 2, 'what the card does next is a new case')
    assert.equal(service.desk.cases.get(one.id)?.transactions.length, 2)
    assert.deepEqual(idsOf(await get('/v1/cases?state=closed')), [one.id])
  })

  test('are opened again by undoing a verdict, whose labels are withdrawn everywhere', async () => {
    const { decide, post, get, log, service, clock } = await openCases()
    await decide({ CARD: 'a' })
    await decide({ CARD: 'a' })
    const [one] = (await get('/v1/cases')).cases
    const path = `/v1/cases/${one.id}`
    const fraudsOf = async () => {
      clock.nowMs += 1000
      await decide({ CARD: 'a', AMOUNT: 10, TIME: clock.nowMs })
      const { decisions } = await get('/v1/decisions?limit=1')
      return (await get(`/v1/decisions/${decisions[0].transactionId}`)).features.card_fraud_count_7d
    }
    assert.equal((await post('ann', `${path}/undo`)).json().code, 'CASE_WITHOUT_VERDICT')
    await post('ann', `${path}/verdict`, { verdict: 'fraud' })
    assert.equal(await fraudsOf(), 2)
    assert.deepEqual((await get('/v1/decisions/t-0')).labels.length, 1)
    for (let i = 0; i < 2; i++) {
      const undone = await post('ann', `${path}/undo`, { note: 'Wrong key' })
      assert.deepEqual([undone.statusCode, undone.json().state, undone.json().verdict], [200, 'claimed', null])
      assert.equal(undone.json().expectedLossMinor, one.expectedLossMinor)
    }
    assert.equal((await post('ben', `${path}/verdict`, { verdict: 'fraud' })).json().code, 'CASE_CLAIMED_BY_OTHER')
    assert.equal(await fraudsOf(), 0, 'features from then on do not see it')
    assert.deepEqual([...log.reading.allLabels(), ...(await get('/v1/decisions/t-0')).labels], [])
    await post('ann', `${path}/verdict`, { verdict: 'fraud' })
    assert.equal(await fraudsOf(), 2, 'the same said again is a new label')
    assert.equal([...log.reading.allLabels()].length, 2)
    assert.ok(service.isReady)
  })

  test('have labels that count by their source first, then by their time', async () => {
    const { decide, post, get, clock, service } = await openCases()
    for (const CARD of ['a', 'b', 'c']) await decide({ CARD })
    const [a, b]: string[] = idsOf(await get('/v1/cases?sort=oldest'))
    const frauds = async (CARD: string) => {
      clock.nowMs += 1000
      await decide({ CARD, AMOUNT: 10, TIME: clock.nowMs })
      const { decisions } = await get('/v1/decisions?limit=1')
      return (await get(`/v1/decisions/${decisions[0].transactionId}`)).features.card_fraud_count_7d
    }
    const label = (transactionId: string, isFraud: boolean, source: string) =>
      service.label({ transactionId, isFraud, source }, 'key:bank')
    await label('t-0', true, 'chargeback')
    await post('ann', `/v1/cases/${a}/verdict`, { verdict: 'legitimate' })
    assert.equal(await frauds('a'), 1, 'a chargeback counts over a later verdict')
    const { labels } = await get('/v1/decisions/t-0')
    assert.deepEqual(
      labels.map((each: Record<string, unknown>) => [each.source, each.counts]),
      [
        ['chargeback', true],
        ['analyst:ann', false],
      ],
    )
    await post('ann', `/v1/cases/${b}/verdict`, { verdict: 'legitimate' })
    await label('t-1', true, 'till')
    assert.equal(await frauds('b'), 0, 'a verdict counts over what anybody else says later')
    await label('t-1', true, 'issuer')
    assert.equal(await frauds('b'), 1, 'an issuer counts over a verdict')
    await label('t-1', false, 'issuer')
    assert.equal(await frauds('b'), 0, 'of one source the later counts')
  })

  test('are judged in part, unsurely, and many at once', async () => {
    const { decide, post, get, log } = await openCases()
    for (const CARD of ['a', 'a', 'b', 'c']) await decide({ CARD })
    const all: string[] = idsOf(await get('/v1/cases?sort=oldest'))
    const part = await post('ann', `/v1/cases/${all[0]}/verdict`, { verdict: 'legitimate', transactions: ['t-0'] })
    assert.deepEqual([part.json().state, part.json().openTransactions], ['open', 1])
    assert.equal(part.json().expectedLossMinor, 0.06 * 60_000)
    const wrong = await post('ann', `/v1/cases/${all[0]}/verdict`, { verdict: 'fraud', transactions: ['t-0'] })
    assert.equal(wrong.json().errors[0].field, 'transactions.0')
    assert.equal((await post('ann', `/v1/cases/${all[0]}/verdict`, { verdict: 'unsure' })).json().state, 'closed')
    const many = await post('ann', '/v1/cases/verdicts', { cases: [all[1], 'c-999', all[2]], verdict: 'legitimate' })
    const { results } = many.json()
    assert.deepEqual(
      [results[0].state, results[1].error.code, results[1].index, results[2].state],
      ['closed', 'CASE_UNKNOWN', 1, 'closed'],
    )
    assert.deepEqual(
      [...log.reading.allLabels()].map(({ id, isFraud }) => [id, isFraud]),
      [
        ['t-0', false],
        ['t-2', false],
        ['t-3', false],
      ],
    )
  })

  test('are put off, handed on, opened by hand, linked and merged', async () => {
    const { decide, post, get, clock } = await openCases()
    for (const CARD of ['a', 'b', 'c']) await decide({ CARD })
    await decide({ CARD: 'd', AMOUNT: 10 })
    const [a, b, c]: string[] = idsOf(await get('/v1/cases?sort=oldest'))
    await post('ann', `/v1/cases/${a}/snooze`, {
      until: new Date(startMs + minuteMs).toISOString(),
      note: 'Calls back',
    })
    assert.deepEqual(idsOf(await get('/v1/cases?state=snoozed')), [a])
    await post('ann', `/v1/cases/${b}/assign`, { to: 'key:ben' })
    await post('ann', `/v1/cases/${c}/escalate`, { to: 'key:lead', note: 'Mules?' })
    assert.deepEqual(idsOf(await get('/v1/cases?assignee=key:ben')), [b])
    assert.deepEqual(idsOf(await get('/v1/cases?escalated=true')), [c])
    assert.deepEqual((await post('ann', '/v1/cases/next/claim')).json(), { case: null })
    assert.equal((await post('ben', '/v1/cases/next/claim')).json().case.id, b)
    clock.nowMs = startMs + minuteMs
    assert.equal((await post('ann', '/v1/cases/next/claim')).json().case.id, a)
    const byHand = await post('ann', '/v1/cases', { transactions: ['t-3'], note: 'A friend of theirs' })
    assert.deepEqual([byHand.json().origin, byHand.json().transactions], ['hand', 1])
    assert.equal((await post('ann', '/v1/cases', { transactions: ['t-3'] })).json().code, 'CASE_EXISTS')
    assert.equal((await post('ann', '/v1/cases', { transactions: ['t-9'] })).json().code, 'TRANSACTION_UNKNOWN')
    await post('ann', `/v1/cases/${c}/link`, { with: byHand.json().id })
    const merged = await post('ann', `/v1/cases/${byHand.json().id}/merge`, { into: a })
    assert.deepEqual([merged.json().id, merged.json().transactions], [a, 2])
    await decide({ CARD: 'd' })
    assert.equal((await get(`/v1/cases/${a}`)).transactions, 3, 'what comes next of its card goes where it went')
    assert.equal((await get(`/v1/cases/${byHand.json().id}`)).closed.why, 'merged')
    await post('ann', `/v1/cases/${byHand.json().id}/link`, { with: b })
    const { detail } = (await post('ann', `/v1/cases/${byHand.json().id}/claim`)).json()
    assert.equal(detail, `The case was merged into ${a}`)
  })

  test('that were merged count what is said of their transactions before and after', async () => {
    const { decide, get, post, clock, service } = await openCases()
    for (const CARD of ['a', 'b', 'b']) await decide({ CARD })
    const [a, b] = idsOf(await get('/v1/cases?sort=oldest'))
    for (const id of ['t-1', 't-2'])
      await post('ann', `/v1/cases/${b}/verdict`, { verdict: 'fraud', transactions: [id] })
    await post('ann', `/v1/cases/${b}/undo`)
    clock.nowMs = startMs + minuteMs
    assert.equal((await post('ann', `/v1/cases/${b}/merge`, { into: a })).statusCode, 200)
    await service.label({ transactionId: 't-1', isFraud: false, source: 'chargeback' }, 'key:bank')
    const from = new Date(startMs).toISOString()
    const merged = await get(`/v1/cases/figures?from=${from}`)
    assert.deepEqual(merged.laterLabelsAgree, { compared: 1, agreed: 0, share: 0 })
    const judged = await post('ben', `/v1/cases/${a}/verdict`, { verdict: 'legitimate', transactions: ['t-2'] })
    assert.equal(judged.statusCode, 200, judged.body)
    const { analystsAgree } = await get(`/v1/cases/figures?from=${from}`)
    assert.deepEqual(analystsAgree, { compared: 1, agreed: 0, share: 0 })
  })

  test('are told a page at a time, in the order of the queue', async () => {
    const { decide, get } = await openCases()
    for (let i = 0; i < 25; i++) await decide({ CARD: `c-${i}`, AMOUNT: 500 + ((i * 7) % 10) })
    for (const sort of ['loss', 'oldest', 'newest']) {
      const whole = idsOf(await get(`/v1/cases?sort=${sort}`))
      const paged: string[] = []
      for (let cursor = ''; ; ) {
        const page = await get(`/v1/cases?sort=${sort}&limit=10${cursor}`)
        paged.push(...idsOf(page))
        if (page.cursor === null) break
        cursor = `&cursor=${page.cursor}`
      }
      assert.deepEqual([paged.length, paged], [25, whole])
    }
    for (const query of [
      'state=lost',
      'sort=best',
      'limit=0',
      'cursor=x',
      'overdue=maybe',
      'stat=open',
      'state=all&sort=loss',
      'key=cards=c0',
    ]) {
      const refused = await get(`/v1/cases?${query}`)
      assert.equal(refused.code, 'INPUT_INVALID', query)
    }
  })

  test('hold notes without card numbers, which go with the person that they are of', async () => {
    const { decide, get, post, send, log } = await openCases({ transaction: { personal: ['customer'] } })
    await decide({ CARD: 'a', CUSTOMER: 'mary' })
    await decide({ CARD: 'b', CUSTOMER: 'john' })
    const [a, b] = (await get('/v1/cases?sort=oldest')).cases
    const refused = await post('ann', `/v1/cases/${a.id}/notes`, { text: 'card 4111 1111 1111 1111' })
    assert.deepEqual([refused.statusCode, refused.json().code], [422, 'CARD_NUMBER_REFUSED'])
    await post('ann', `/v1/cases/${a.id}/notes`, { text: 'Mary lives in Rome' })
    await post('ann', `/v1/cases/${b.id}/notes`, { text: 'John lives in Rome' })
    const texts = log.reading.next(0, 10_000).map((record) => JSON.stringify(record))
    assert.ok(!texts.some((text) => text.includes('Rome')), 'no record holds what was written')
    const erased = await send('POST', 'lead', '/v1/erasures', { key: 'customer', value: 'mary' })
    assert.equal(erased.statusCode, 200, erased.body)
    assert.equal((await get(`/v1/cases/${a.id}`)).history[0].note, null)
    assert.equal((await get(`/v1/cases/${b.id}`)).history[0].note, 'John lives in Rome')
  })

  test('of the blind sample are drawn among approvals, and do not tell how they came out before a verdict', async () => {
    const { decide, get, post, service, log } = await openCases({ cases: { blindSample: 0.2 } })
    for (let i = 0; i < 60; i++) await decide({ CARD: `c-${i}`, AMOUNT: 100 })
    await decide({ CARD: 'r', AMOUNT: 700 })
    const all = [...service.desk.cases.all()]
    const drawn = all.filter(({ origin }) => origin === 'sample')
    assert.ok(drawn.length >= 3 && drawn.length <= 30, `${drawn.length} of 60`)
    const [one] = drawn
    const hidden = await get(`/v1/cases/${one.id}`)
    assert.deepEqual([hidden.isHidden, hidden.origin, hidden.expectedLossMinor], [true, null, null])
    assert.deepEqual(Object.keys(hidden.members[0].decision), ['transactionId', 'transaction', 'features'])
    assert.deepEqual((await get(`/v1/cases/${one.id}`, 'lead')).members[0].decision.outcome, 'approve')
    await decide({ CARD: one.keys[0].slice('card='.length), AMOUNT: 900 })
    assert.equal((await get(`/v1/cases/${one.id}`)).transactions, 1, 'nothing joins it')
    await post('ann', `/v1/cases/${one.id}/verdict`, { verdict: 'fraud' })
    const told = await get(`/v1/cases/${one.id}`)
    assert.deepEqual([told.origin, told.members[0].decision.outcome], ['sample', 'approve'])
    assert.equal([...log.reading.allLabels()].length, 1)
    const kinds = log.reading.next(0, 10_000).map(({ kind }) => kind)
    assert.equal(kinds.filter((kind) => kind === 'case').length, 2, 'the secret, and the verdict')
  })

  test('are due when the detector says, and counted', async () => {
    const { decide, get, post, clock, service } = await openCases({ cases: { dueIn: '4h' } })
    for (const CARD of ['a', 'b', 'c', 'd']) await decide({ CARD })
    const ids = idsOf(await get('/v1/cases?sort=oldest'))
    clock.nowMs = startMs + 60 * minuteMs
    // Whoever gives a verdict sees this one, so that it is not agreed with.
    await service.label({ transactionId: 't-0', isFraud: false, source: 'issuer' }, 'key:bank')
    await post('ann', `/v1/cases/${ids[0]}/verdict`, { verdict: 'fraud' })
    await post('ben', `/v1/cases/${ids[1]}/verdict`, { verdict: 'legitimate' })
    const before = await get(`/v1/cases/figures?from=${new Date(startMs).toISOString()}`)
    assert.deepEqual(before.laterLabelsAgree, { compared: 0, agreed: 0, share: null })
    await service.label({ transactionId: 't-0', isFraud: true, source: 'chargeback' }, 'key:bank')
    await service.label({ transactionId: 't-1', isFraud: true, source: 'chargeback' }, 'key:bank')
    clock.nowMs = startMs + 5 * 60 * minuteMs
    assert.deepEqual(idsOf(await get('/v1/cases?overdue=true&sort=oldest')), ids.slice(2))
    const figures = await get(`/v1/cases/figures?from=${new Date(startMs).toISOString()}`)
    assert.deepEqual(figures.cases, { open: 2, claimed: 0, snoozed: 0, closed: 2 })
    assert.deepEqual(figures.verdicts, { fraud: 1, legitimate: 1, unsure: 0 })
    assert.deepEqual([figures.overdue, figures.opened, figures.verdictsPerHour], [2, 4, 2 / 5])
    assert.equal(figures.medianMinutesToVerdict, 60)
    assert.deepEqual(figures.laterLabelsAgree, { compared: 2, agreed: 1, share: 0.5 })
    assert.deepEqual(figures.analysts[0], {
      name: 'key:ann',
      verdicts: 1,
      fraud: 1,
      legitimate: 0,
      unsure: 0,
      undone: 0,
    })
    assert.equal((await get('/v1/cases/figures?from=2999-01-01T00:00:00Z')).code, 'INPUT_INVALID')
  })
})
