import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { closedAfterEach, openTestDecisions, startMs } from '../../test/service/decisions-fixture.ts'
import { explainDecided } from './explain-decided.ts'

const open = closedAfterEach()

function heard() {
  const lines: string[] = []
  const results: unknown[] = []
  const say = (text: string) => void lines.push(text)
  const begin = () => ({ update: () => {}, end: () => {} })
  const terminal = {
    say,
    note: say,
    warn: say,
    result: (value: unknown) => void results.push(value),
    begin,
    clear() {},
  }
  const run = { terminal, note: say, warn: say, begin, nowMs: () => startMs, signal: new AbortController().signal }
  return { lines, results, run }
}

test('a decision is explained from the data directory, beside the service, on the terminal and as a page', async () => {
  const running = await openTestDecisions()
  open.push(running)
  const { service, path: data } = running
  await service.resume()
  const by = { by: 'user:ann', why: 'Too many tests' }
  const busy = {
    id: 'busy',
    when: 'card_count_1h >= 1.0 && note != "<b>"',
    then: 'decline',
    state: 'live',
    reason: 'It is {amount}',
  }
  await service.change({ kind: 'rule', rule: busy }, by)
  await service.change({ kind: 'rule', rule: { ...busy, id: 'large', when: 'amount > 500.0' } }, by)
  const body = { ID: 't-1', TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's', NOTE: '<i>' }
  await service.decide(body, undefined, () => 0)

  const { lines, results, run } = heard()
  const out = join(data, 'why.html')
  await explainDecided({ data, id: 't-1', out, rule: 'large' }, run)
  const text = lines.join('\n')
  assert.match(
    text,
    /^t-1: decline, score 0\.01000, decided \S+ by amounts@0123456789ab\n {2}policy version 3: by user:ann, /,
  )
  assert.match(
    text,
    /\nrules\n {2}busy: live, decline: It is 10\n {4}true {5}card_count_1h >= 1\.0 {4}\(card_count_1h 1\)\n/,
  )
  const { lines: alone, run: again } = heard()
  await explainDecided({ data, id: 't-1' }, again)
  assert.match(alone.join('\n'), /\n {2}1 other rule had nothing to say\n/)
  assert.match(text, /\n {2}large: silent, decline\n {4}false {4}amount > 500\.0 {4}\(amount 10\)\n/)
  assert.match(
    text,
    /not told\n {2}What features added is not known: amounts@0123456789ab decided, and it is not at hand/,
  )
  const ofService = await service.explain('t-1', { isOver: () => false, next: async () => {} }, 'large')
  const [told] = results
  const { notTold: _, ...others } = JSON.parse(JSON.stringify(ofService))
  assert.deepEqual(
    { ...Object(told), notTold: undefined },
    { ...others, notTold: undefined },
    'as the service tells it',
  )
  const page = readFileSync(out, 'utf8')
  assert.match(page, /<h1>Why <span class="whole">t-1<\/span> got decline<\/h1>/)
  assert.ok(page.includes('note != &quot;&lt;b&gt;&quot;') && !page.includes('<b>"'), 'a text is not escaped')
  await assert.rejects(explainDecided({ data, id: 't-2' }, run), { code: 'TRANSACTION_UNKNOWN' })
  await assert.rejects(explainDecided({ data }, run), { code: 'OPTION_INVALID' })
})
