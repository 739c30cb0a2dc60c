import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { enterConsole, openBrowser, skipWithoutBrowser } from './open-console.ts'
import { openShop } from './open-shop.ts'

/** What a browser says by itself of a refusal, which the console shows in its own words; 409: what is cancelled had ended. */
const isRefusal = (complaint: string) => /status of 40[1349]/.test(complaint)

const countIn = async (place: Locator) => Number((await place.textContent())?.replace(/\D/g, ''))

describe('pages of what decides', { skip: skipWithoutBrowser }, () => {
  let browser: Browser
  let shop: Awaited<ReturnType<typeof openShop>>

  before(async () => {
    browser = await openBrowser()
    shop = await openShop()
  })
  after(async () => {
    await browser.close()
    await shop.close()
  })

  async function enter(name: string, path: string) {
    const opening = await enterConsole(browser, shop.url, name, path)
    return {
      ...opening,
      async leave() {
        assert.deepEqual(
          opening.complaints.filter((each) => !isRefusal(each)),
          [],
        )
        await opening.context.close()
      },
    }
  }

  const dialog = (page: Page) => page.getByRole('dialog')

  test('take a rule from an idea to live, tested in between, and back', async () => {
    const { page, leave } = await enter('lead', '/rules')
    await page.getByText('No rules yet').waitFor()
    await page.keyboard.press('n')
    await page.getByLabel('Condition').click()
    await page.keyboard.type('amoun')
    await page
      .locator('.cm-tooltip [role=option]', { hasText: /^amount/ })
      .first()
      .waitFor()
    await page.keyboard.press('Enter')
    await page.keyboard.type(' > 60.0 && card_cuont_1d > 1')
    await page.getByRole('button', { name: /did you mean card_count_1d/ }).waitFor()
    assert.equal(await page.getByRole('button', { name: /^Save/ }).isDisabled(), true)
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('amount > 60.0')
    await page.locator('.builder').getByLabel('Name').selectOption('card_count_1d')
    await page.locator('.builder').getByLabel('Comparison').selectOption('>')
    // A comma may group thousands, or part decimals.
    await page.locator('.builder').getByLabel('Value').fill('1,000')
    assert.ok(await page.locator('.builder').getByRole('button', { name: 'Add' }).isDisabled())
    await page.locator('.builder').getByLabel('Value').fill('1')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByPlaceholder('many-small-payments').fill('busy-card')
    await page.getByLabel('State').selectOption('shadow')
    const hits = page.locator('.tiles dd').first().locator('b')
    await hits.waitFor()
    const { body: job } = await shop.ask('POST', '/v1/backtests', {
      rule: { id: 'busy', when: 'amount > 60.0 && card_count_1d > 1.0', then: 'review', state: 'live' },
    })
    await shop.until(async () => (await shop.ask('GET', `/v1/jobs/${job.id}`)).body.state === 'done')
    const { body: told } = await shop.ask('GET', `/v1/backtests/${job.id}`)
    assert.equal(await countIn(hits), told.figures.sides[1].focus.transactions, 'the figures of the command')
    await page.keyboard.press('ControlOrMeta+s')
    await dialog(page).getByText('amount > 60.0 && card_count_1d > 1.0').waitFor()
    await dialog(page).getByLabel('Why').fill('Cards that pay twice a day')
    await dialog(page).getByRole('button', { name: 'Save as shadow' }).click()
    await page.getByRole('heading', { name: 'busy-card', level: 1 }).waitFor()
    assert.equal((await shop.ask('GET', '/v1/rules/busy-card')).body.rule.state, 'shadow')

    await page.getByLabel('State').selectOption('live')
    await page.getByRole('button', { name: /^Save/ }).click()
    assert.deepEqual(await dialog(page).locator('tbody tr').allInnerTexts(), ['state\tshadow\tlive'])
    await dialog(page).getByRole('button', { name: 'Put in force' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    assert.equal((await shop.ask('GET', '/v1/rules/busy-card')).body.rule.state, 'live')

    const older = page.getByRole('row').filter({ hasText: 'rule busy-card: added' })
    await older.getByRole('button', { name: 'Go back to it' }).click()
    await dialog(page).getByText('rule busy-card: state').waitFor()
    await dialog(page).getByRole('button', { name: 'Go back' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    assert.equal((await shop.ask('GET', '/v1/rules/busy-card')).body.rule.state, 'shadow')
    await page.goBack()
    await page.getByRole('heading', { name: 'Rules', level: 1 }).waitFor()
    await leave()
  })

  test('drag a threshold, see what it changes, and put it in force with costs and a fuse', async () => {
    const { page, leave } = await enter('lead', '/thresholds')
    const from = page.getByLabel('review from', { exact: true })
    const grip = page.locator('.handle.review .grip')
    const box = await grip.boundingBox()
    assert.ok(box !== null)
    await page.mouse.move(box.x + box.width / 2, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(box.x - 120, box.y + 60, { steps: 4 })
    await page.mouse.up()
    const dragged = Number(await from.inputValue())
    assert.ok(dragged > 0.2 && dragged < 0.5, `dragged to ${dragged}`)
    await from.fill('0.9')
    assert.equal(
      await page.getByLabel('decline from', { exact: true }).inputValue(),
      '0.9',
      'the more severe is pushed',
    )
    await page.getByRole('button', { name: 'Discard' }).click()
    await from.fill('0.3')
    await page.getByLabel('A review', { exact: true }).fill('6')
    await page.getByLabel(/^Fuse of decline/).check()
    await page.getByLabel('Condition of large').fill('amont > 100.0')
    await page.getByText('did you mean amount?').waitFor()
    await page.getByLabel('Condition of large').fill('amount > 120.0')
    const effect = page.getByRole('grid', { name: 'Effect by outcome' })
    await effect.waitFor()
    await page.locator('[aria-busy=false]').waitFor()
    await page.getByRole('button', { name: 'Put in force …' }).click()
    assert.deepEqual((await dialog(page).locator('tbody th').allInnerTexts()).toSorted(), [
      'costs.review.cost',
      'fuses.decline.atLeast',
      'fuses.decline.over',
      'fuses.decline.share',
      'fuses.decline.then',
      'segments.large.when',
      'thresholds.review',
    ])
    await dialog(page).getByLabel('Why').fill('More reviews')
    await dialog(page).getByRole('button', { name: 'Put in force' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    const { body } = await shop.ask('GET', '/v1/policy')
    assert.deepEqual(body.policy.thresholds, { review: 0.3, decline: 0.8 })
    assert.deepEqual(body.policy.costs.review, { cost: 6, finds: 0.8, perDay: 20 })
    assert.equal(body.policy.segments[0].when, 'amount > 120.0')
    assert.equal(body.policy.controlGroup.share, 0.02, 'what was not touched stays')
    const first = page.getByRole('row').filter({ hasText: 'thresholds.review 0.6' })
    await first.getByRole('button', { name: 'Go back to it' }).click()
    await dialog(page)
      .getByText(/thresholds\.review 0\.5 -> 0\.3/)
      .waitFor()
    await dialog(page).getByRole('button', { name: 'Go back' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    assert.equal((await shop.ask('GET', '/v1/policy')).body.policy.thresholds.review, 0.5)
    await leave()
  })

  test('bring a model that was trained here from shadow over canary to champion, compared before, and back', async () => {
    const { page, leave } = await enter('lead', '/models')
    const { serving } = (await shop.ask('GET', '/v1/models')).body
    await page.getByText('None is kept yet').waitFor()
    await page.keyboard.press('n')
    await dialog(page).getByLabel('How').selectOption('random-forest')
    await dialog(page).getByLabel('Name').fill('forest')
    await dialog(page).getByRole('button', { name: 'Start' }).click()
    await page.getByRole('heading', { name: 'training forest' }).waitFor()
    await page.locator('.said li').first().waitFor()
    const link = page.getByRole('link', { name: /^shop@/ })
    await link.waitFor({ timeout: 120_000 })
    const id = String(await link.textContent())
    await link.click()
    await page.getByRole('heading', { name: id, level: 1 }).waitFor()
    await page.getByText(`${serving}`).waitFor()

    for (const against of [serving, 'none']) {
      await page.getByRole('button', { name: 'Compare …' }).click()
      await dialog(page).getByLabel('Against').selectOption(against)
      await dialog(page).getByRole('button', { name: 'Start' }).click()
      await page.getByRole('heading', { name: /^comparison compare/ }).waitFor()
      await page
        .getByRole('heading', { name: 'Outcomes that differ' })
        .or(page.locator('.panel [role=alert]'))
        .waitFor({ timeout: 120_000 })
      assert.equal(await page.locator('.panel [role=alert]').allInnerTexts().then(String), '')
      assert.equal(await page.getByRole('grid', { name: 'Metrics of both' }).count(), against === 'none' ? 0 : 1)
      const report = await page.getByRole('link', { name: /Its page/ }).getAttribute('href')
      assert.equal(await page.evaluate(async (href) => (await fetch(String(href))).status, report), 200)
      await page.goBack()
      await page.getByRole('heading', { name: id, level: 1 }).waitFor()
    }

    const deploy = async (role: string, fill: () => Promise<unknown> = async () => undefined) => {
      await page.getByRole('button', { name: 'Deploy …' }).click()
      assert.equal(await dialog(page).getByLabel('Role').inputValue(), role, 'the next step is offered')
      await fill()
      await dialog(page).getByRole('button', { name: 'Deploy', exact: true }).click()
      await dialog(page).waitFor({ state: 'detached' })
      await page.locator('.panel header .badge', { hasText: new RegExp(`^${role}$`) }).waitFor()
    }
    await deploy('shadow')
    await deploy('canary', async () => {
      await dialog(page).getByLabel('Share, in percent').fill('50')
      await dialog(page).getByLabel('By', { exact: true }).selectOption('card')
      await dialog(page)
        .getByLabel(/so many decisions/)
        .fill('20')
    })
    await page.getByText(/looks from 20 decisions on, 0 so far/).waitFor()
    await shop.pay(120)
    await page.getByText('nothing speaks against it').waitFor()
    const { figures, canary } = (await shop.ask('GET', `/v1/models/${id}`)).body
    // The page asks again by itself, and is a moment behind.
    const decided = page.locator('.guard tbody tr').first().locator('td').first()
    await decided.filter({ hasText: String(figures.canary.decisions) }).waitFor()
    assert.equal(await countIn(decided), figures.canary.decisions)
    assert.equal(canary.share, 0.5)
    assert.ok(figures.canary.decisions + figures.champion.decisions >= 120)
    await deploy('champion')
    assert.equal((await shop.ask('GET', '/v1/models')).body.serving, id)
    await page.getByRole('link', { name: 'Models', exact: true }).first().click()
    await page.getByRole('button', { name: 'Back to the models before' }).click()
    await page.getByText('The models are those of before again').waitFor()
    const { body } = await shop.ask('GET', '/v1/models')
    assert.equal(body.serving, serving)
    assert.equal(body.models.find((model: { id: string }) => model.id === id).role, 'canary')
    await leave()
  })

  test('keep a list, with expiries, a file in and out, and what is taken off taken back as it was', async () => {
    const { page, leave } = await enter('lead', '/lists')
    await page.getByText('No lists yet').waitFor()
    await page.keyboard.press('n')
    await dialog(page).getByLabel('Name').fill('stolen')
    await dialog(page).getByLabel('Of', { exact: true }).selectOption('card')
    await dialog(page).getByLabel('Effect').selectOption('block')
    await dialog(page).getByRole('button', { name: 'Make it' }).click()
    await page.getByText('Nothing is on it yet').waitFor()
    await page.getByRole('button', { name: 'Add a file' }).click()
    const file = { name: 'stolen.csv', mimeType: 'text/csv' }
    // The last is of another encoding, and must not be kept with another character in its place.
    const lines = ['value,expires_at,note', 'c1,2030-01-01T00:00:00Z,Lyon', 'c2,,', 'c3,tomorrow,', 'c\xe9,,', '']
    await dialog(page)
      .getByLabel('File')
      .setInputFiles({ ...file, buffer: Buffer.from(lines.join('\n'), 'latin1') })
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('heading', { name: '2 of 4 lines are not added' }).waitFor()
    await page.getByText('line 4').waitFor()
    await page.getByText('The line is not UTF-8').waitFor()
    await page.getByRole('button', { name: 'Add entries' }).click()
    await dialog(page).getByLabel('Values').fill('c7\nc8\n')
    await dialog(page).getByLabel('Until').selectOption('date')
    await dialog(page).getByLabel('Last day').fill('2031-03-01')
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('4 entries').waitFor()
    const entriesOf = async () => {
      const { entries } = (await shop.ask('GET', '/v1/lists/stolen/entries')).body
      return Object.fromEntries(
        entries.map(({ value, expiresAt, note }: Readonly<Record<string, string>>) => [value, [expiresAt, note]]),
      )
    }
    const held = await entriesOf()
    assert.deepEqual(held.c7, ['2031-03-01T23:00:00.000Z', undefined], 'the end of the day in the viewer’s zone')
    assert.equal(held.c1[1], 'Lyon')

    const row = page.getByRole('row').filter({ hasText: 'c1' })
    await row.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('3 entries').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('4 entries').waitFor()
    assert.deepEqual(await entriesOf(), held)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'All as CSV' }).click(),
    ])
    const text = readFileSync(await download.path(), 'utf8')
    assert.match(text, /^value,expires_at,source,note\n/)
    assert.match(text, /^c1,2030-01-01T00:00:00\.000Z,.*,Lyon$/m)
    await page.getByRole('link', { name: 'c1', exact: true }).click()
    await page.waitForURL(/\/keys\/card\/c1$/)
    await page.goBack()
    await page.getByRole('heading', { name: 'stolen', level: 1 }).waitFor()
    await leave()
  })

  test('let a viewer change nothing, on the page and by the routes', async () => {
    const { page, leave } = await enter('eve', '/thresholds')
    await page.getByRole('heading', { name: 'Safeguards' }).waitFor()
    assert.equal(await page.locator('#main input:enabled, #main select:enabled').count(), 0)
    assert.equal(await page.getByRole('button', { name: /Put in force|Discard|Add a segment|Go back/ }).count(), 0)
    for (const path of ['/rules', '/rules/new', '/lists', '/lists/stolen', '/models']) {
      await page.goto(`${shop.url}/console${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.locator('.loading').first().waitFor({ state: 'detached' })
      const offered = page.getByRole('button', { name: /^(?:Save|New|Add|Remove|Train|Deploy|Back to|Go back|Run)\b/ })
      assert.equal(await offered.count(), 0, path)
    }
    const refused = await page.evaluate(async () => {
      const send = async (method: string, path: string, body: object) => {
        const headers = { 'content-type': 'application/json' }
        return (await fetch(path, { method, headers, body: JSON.stringify(body) })).status
      }
      return [
        await send('PUT', '/v1/policy', { thresholds: { review: 0.1 } }),
        await send('POST', '/v1/policy/rollback', { to: 1 }),
        await send('POST', '/v1/rules', { id: 'x', when: 'true', then: 'tag' }),
        await send('PUT', '/v1/lists/mine', { of: 'card', effect: 'block' }),
        await send('POST', '/v1/lists/stolen/entries', { add: ['c9'] }),
        await send('POST', '/v1/jobs', { kind: 'training', name: 'eves' }),
        await send('POST', '/v1/backtests', { rule: { id: 'x', when: 'true', then: 'tag' } }),
        await send('POST', '/v1/models/rollback', {}),
      ]
    })
    assert.deepEqual(refused, Array(8).fill(403))
    await leave()
  })

  test('put a rule in force once somebody else has approved it, where four eyes are asked for', async () => {
    assert.equal((await shop.ask('PUT', '/v1/four-eyes', { on: true })).status, 200)
    const ada = await enter('ada', '/rules/new')
    await ada.page.getByLabel('Condition').click()
    await ada.page.keyboard.type('amount > 400.0')
    await ada.page.getByPlaceholder('many-small-payments').fill('very-large')
    await ada.page.getByLabel('State').selectOption('live')
    await ada.page.getByRole('button', { name: /^Save/ }).click()
    await dialog(ada.page).getByRole('button', { name: 'Put in force' }).click()
    await ada.page.getByText('waits for somebody else to approve it').waitFor()
    assert.equal((await shop.ask('GET', '/v1/rules/very-large')).status, 404)
    await ada.page.getByRole('button', { name: 'withdraw' }).waitFor()
    assert.equal(
      await ada.page.getByRole('button', { name: 'approve' }).count(),
      0,
      'nobody approves what is their own',
    )
    await ada.leave()
    const lead = await enter('lead', '/audit')
    await lead.page.getByRole('button', { name: 'approve' }).click()
    await dialog(lead.page).getByText('amount > 400.0').waitFor()
    await dialog(lead.page).getByRole('button', { name: 'approve' }).click()
    await dialog(lead.page).waitFor({ state: 'detached' })
    assert.equal((await shop.ask('GET', '/v1/rules/very-large')).body.rule.state, 'live')
    await lead.leave()
  })
})
