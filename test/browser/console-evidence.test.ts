import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { startMs } from '../service/decisions-fixture.ts'
import { enterConsole, openBrowser, openConsole, signIn, skipWithoutBrowser, visit } from './open-console.ts'

type Opened = Awaited<ReturnType<typeof openConsole>>

describe('what the console shows of payments', { skip: skipWithoutBrowser }, () => {
  let browser: Browser
  let opened: Opened

  before(async () => {
    browser = await openBrowser()
    opened = await openConsole()
    const { service } = opened.whole
    const decide = (id: string, amount: number, card: string, shop: string, laterMs: number) =>
      service.decide({ ID: id, TIME: startMs + laterMs, AMOUNT: amount, CARD: card, SHOP: shop }, undefined, () => 0)
    // Four payments of 20.00 and one of 124.00, which is 6.2 times their mean; another card was at the same shop.
    for (const i of [1, 2, 3, 4]) await decide(`small-${i}`, 20, 'card-a', `shop-${i}`, i)
    await decide('other', 30, 'card-b', 'shop-z', 5)
    await decide('far', 25, 'card-b', 'shop-far', 6)
    await decide('large', 124, 'card-a', 'shop-z', 7)
    await decide('same-shop', 130, 'card-c', 'shop-z', 8)
    await opened.list('stolen')
  })
  after(async () => {
    await browser.close()
    await opened.close()
  })

  const enter = (name: string, path = '') => enterConsole(browser, opened.url, name, path)

  const caseOf = (transactionId: string) => {
    const { cases } = opened.whole.service.desk
    const found = [...cases.all()].find(({ transactions }) => transactions.some(({ id }) => id === transactionId))
    assert.ok(found !== undefined)
    return found
  }

  test('compares an amount with the mean of the other payments in words', async () => {
    const { context, page } = await enter('ann', `/cases/${caseOf('large').id}`)
    const beside = page.locator('.compared li', { hasText: 'card card-a' })
    await beside.getByText('6.2 times').waitFor()
    assert.match(String(await beside.textContent()), /6\.2 times the mean of this card, 20\.00\s*4 others/)
    await page
      .getByText('5 payments of card card-a; the line is the average of the others, 20.00. large is 6.2 times that.')
      .waitFor()
    await context.close()
  })

  test('says of a key with more payments than a page that it shows the newest', async () => {
    const { service } = opened.whole
    for (let i = 0; i < 51; i++)
      await service.decide(
        { ID: `often-${i}`, TIME: startMs, AMOUNT: 1, CARD: 'card-often', SHOP: 's' },
        undefined,
        () => 0,
      )
    const { context, page } = await enter('ann', '/keys/card/card-often')
    await page.getByText('the newest 50').waitFor()
    await context.close()
  })

  test('draws what is linked in two steps, reached by keys', async () => {
    const { context, page } = await enter('ann', `/cases/${caseOf('large').id}`)
    const graph = page.getByRole('group', { name: 'Linked with card card-a' })
    const nodes = graph.getByRole('link')
    await graph.waitFor()
    const names = await nodes.allTextContents()
    // Of card-b only what it shares with card-a is two steps away: not the shop where it was alone.
    assert.deepEqual(names.map((name) => /(?:card|shop) (?:card|shop)-\w+/.exec(name)?.[0]).toSorted(), [
      'card card-a',
      'card card-b',
      'card card-c',
      'shop shop-1',
      'shop shop-2',
      'shop shop-3',
      'shop shop-4',
      'shop shop-z',
    ])
    await graph.getByRole('link', { name: /card card-b/ }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'card card-b', level: 1 }).waitFor()
    await context.close()
  })

  test('shows similar cases with what became of them', async () => {
    const { context, page } = await enter('ann', `/cases/${caseOf('same-shop').id}`)
    await page.getByRole('button', { name: /^Fraud/ }).waitFor()
    await page.keyboard.press('f')
    await page.waitForURL(new RegExp(`/cases/${caseOf('large').id}$`))
    const similar = page.getByRole('grid', { name: 'Similar cases' })
    await similar.getByText('fraud by you').waitFor()
    assert.match(String(await similar.textContent()), /card card-c\s*shop shop-z/)
    await context.close()
  })

  test('finds pages, cases, transactions, cards, rules and lists', async () => {
    const { context, page, complaints } = await enter('lead')
    const status = await page.evaluate(async () => {
      const rule = { id: 'large-amounts', when: 'amount > 500.0', then: 'review', state: 'draft' }
      const headers = { 'content-type': 'application/json' }
      return (await fetch('/v1/rules', { method: 'POST', headers, body: JSON.stringify(rule) })).status
    })
    assert.equal(status, 200)
    const find = async (text: string, kind: string, heading: string | RegExp) => {
      await page.keyboard.press('Control+k')
      await page.getByLabel('Page, case, transaction, card, rule or list').fill(text)
      const option = page.getByRole('option', { name: new RegExp(`${kind}$`) }).first()
      await option.waitFor()
      await option.click()
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
    }
    await find('monit', 'page', 'Monitoring')
    await find(caseOf('large').id, 'case', 'card card-a')
    await find('small-2', 'transaction', 'small-2')
    await find('card-b', 'card', 'card card-b')
    await find('stol', 'list', 'stolen')
    await find('large-am', 'rule', 'large-amounts')
    await page.keyboard.press('Control+k')
    await page.getByLabel('Page, case, transaction, card, rule or list').fill('nothing of this name')
    await page.getByText('Nothing is called so.').waitFor()
    // Before somebody has signed in, the service says so.
    assert.deepEqual(
      complaints.filter((each) => !each.includes('status of 401')),
      [],
    )
    await context.close()
  })
})

describe('amounts in minor units', { skip: skipWithoutBrowser }, () => {
  test('are shown in major ones wherever they come from', async () => {
    const browser = await openBrowser()
    const opened = await openConsole({ amount: { field: 'AMOUNT', digits: 2, minorUnits: true, currency: 'EUR' } })
    const { service } = opened.whole
    const decide = (id: string) =>
      service.decide({ ID: id, TIME: startMs, AMOUNT: 1250, CARD: 'card-a', SHOP: 'shop' }, undefined, () => 0)
    await decide('stored')
    const { page } = await visit(browser, opened.url)
    await page.goto(`${opened.url}/console`)
    await signIn(page, 'ann')
    await page.getByText('Live', { exact: true }).waitFor()
    const amountOf = (id: string) => page.getByRole('row', { name: new RegExp(`\\b${id}\\b`) }).textContent()
    await page.getByText('stored', { exact: true }).waitFor()
    assert.match(String(await amountOf('stored')), /EUR\s12\.50/)
    await decide('told')
    await page.getByText('told', { exact: true }).waitFor()
    assert.match(String(await amountOf('told')), /EUR\s12\.50/)
    await page.goto(`${opened.url}/console/keys/card/card-a`)
    await figuresOf(page, 'EUR 25.00')
    await browser.close()
    await opened.close()
  })

  async function figuresOf(page: Page, sum: string): Promise<void> {
    await page.getByRole('grid', { name: 'Figures' }).getByText(sum.replace(' ', '\u00a0')).first().waitFor()
  }
})
