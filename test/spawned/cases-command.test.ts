import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { runIn, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-cases-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const path = (name: string) => join(folder, name)
const data = ['--data', path('data')]

async function shrike(...args: readonly string[]): Promise<string> {
  return (await succeedIn('.', [...args, ...data])).stdout
}
const json = async (...args: readonly string[]) => JSON.parse(await shrike(...args, '--json'))

before(async () => {
  const yaml = readFileSync('detectors/cards.yaml', 'utf8')
  writeFileSync(path('cards.yaml'), `${yaml}\ncases: { by: [card], codes: [stolen-card] }\n`)
  writeFileSync(
    path('rule.yaml'),
    'id: large\nwhen: amount > 120.0\nthen: review\nstate: live\nreason: A large amount\n',
  )
  const size = ['--customers', '60', '--terminals', '60', '--days', '3']
  await succeedIn('.', ['simulate', '--shape', 'portfolio', ...size, '--out', path('t.csv')])
  const lines = readFileSync(path('t.csv'), 'utf8').split('\n')
  writeFileSync(path('first.csv'), `${lines.slice(0, 2).join('\n')}\n`)
  await shrike('replay', path('first.csv'), '--as', 'decisions', '--detector', path('cards.yaml'))
  await shrike('rules', 'add', path('rule.yaml'))
  await shrike('replay', path('t.csv'), '--as', 'decisions')
})

describe('shrike cases', () => {
  test('works the queue of a data directory: claims, judges, undoes, notes, and tells figures', async () => {
    const { cases } = await json('cases', 'list')
    assert.ok(cases.length >= 2)
    const losses = cases.map((one: { expectedLossMinor: number }) => one.expectedLossMinor)
    assert.deepEqual(
      losses,
      losses.toSorted((a: number, b: number) => b - a),
    )
    const euros = (losses[0] / 100).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
    const { stdout, stderr } = await succeedIn('.', ['cases', 'list', '--limit', '1', ...data])
    assert.match(stdout, new RegExp(`^${cases[0].id}  open  ${euros.replace('.', '\\.')} EUR at stake`))
    assert.equal(stderr, 'These are the first 1, and there are more: --limit, up to 500\n')
    assert.equal((await succeedIn('.', ['cases', 'list', ...data])).stderr, '')
    const claimed = await json('cases', 'next')
    assert.deepEqual([claimed.case.id, claimed.case.claim.by], [cases[0].id, 'command:cases'])
    const { id } = claimed.case
    const judged = await json('cases', 'verdict', id, 'fraud', '--code', 'stolen-card', '--note', 'the customer called')
    assert.deepEqual([judged.state, judged.verdict.code], ['closed', 'stolen-card'])
    const exported = await shrike('log', 'export')
    assert.ok(exported.includes('analyst:cases'))
    assert.equal((await json('cases', 'undo', id)).state, 'claimed')
    assert.ok(!(await shrike('log', 'export')).includes('analyst:cases'), 'a withdrawn label is not exported')
    assert.equal((await json('cases', 'assign', id, 'user:ann')).assignee, 'user:ann')
    const { history } = await json('cases', 'show', id)
    const actions = history.map(({ action }: { action: string }) => action)
    assert.deepEqual(actions, ['claim', 'verdict', 'undo', 'assign'])
    assert.equal(history[1].note, 'the customer called')
    const figures = await json('cases', 'figures')
    assert.deepEqual([figures.verdicts.fraud, figures.undone], [1, 1])
    await shrike('log', 'verify')
  })

  test('says what is refused, and why', async () => {
    const refused = await runIn('.', ['cases', 'claim', 'c-999999', ...data])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /CASE_UNKNOWN/)
    const wrong = await runIn('.', ['cases', 'verdict', 'c-1', 'maybe', ...data])
    assert.match(wrong.stderr, /verdict: it must be "fraud", "legitimate" or "unsure"/)
  })
})
