import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { enterConsole, openBrowser, openConsole, signIn, skipWithoutBrowser, visit } from './open-console.ts'

describe('where the console is watched from', { skip: skipWithoutBrowser }, () => {
  let browser: Browser
  let opened: Awaited<ReturnType<typeof openConsole>>

  before(async () => {
    browser = await openBrowser()
    opened = await openConsole()
    await opened.review(12)
  })
  after(async () => {
    await browser.close()
    await opened.close()
  })

  const enter = (name: string, path = '') => enterConsole(browser, opened.url, name, path)

  test('now has the figures of the day, and its stream does not move under the pointer', async () => {
    const { context, page } = await enter('ann')
    const day = page.getByRole('complementary', { name: 'Figures of the day' })
    const figure = (name: string) => day.locator('div', { has: page.getByText(name, { exact: true }) }).last()
    await figure('cases not closed').getByText('12', { exact: true }).waitFor()
    await figure('in 24 hours').getByText('12', { exact: true }).waitFor()
    await day.getByText('None holds.').waitFor()
    // All of 160 to 179 was held, and nothing is known to be fraud yet.
    await figure('not approved').getByText('1,998.00').waitFor()
    await figure('fraud stopped').getByText('0.00').waitFor()
    const stream = page.getByRole('grid', { name: 'Decisions' })
    await page.getByText('Live', { exact: true }).waitFor()
    const first = stream.getByRole('row').nth(1)
    await first.hover()
    const before = await first.textContent()
    await opened.review(3)
    await page.getByRole('button', { name: '3 new' }).waitFor()
    assert.equal(await first.textContent(), before)
    await page.getByRole('button', { name: '3 new' }).click()
    await stream.getByText('t-15', { exact: true }).waitFor()
    await context.close()
  })

  test('monitoring shows performance as labels come', async () => {
    const { context, page } = await enter('ann', '/monitoring')
    await page.getByText(/No label says fraud or legitimate of any of these decisions yet/).waitFor()
    const status = await page.evaluate(async () => {
      const headers = { 'content-type': 'application/json' }
      const { cases } = Object((await (await fetch('/v1/cases?limit=2')).json()) ?? {})
      const verdicts = ['fraud', 'legitimate'].map((verdict, i) =>
        fetch(`/v1/cases/${cases[i].id}/verdict`, { method: 'POST', headers, body: JSON.stringify({ verdict }) }),
      )
      return (await Promise.all(verdicts)).map((answer) => answer.status)
    })
    assert.deepEqual(status, [200, 200])
    await page.reload()
    await page.getByText(/Recall of 1 week, 100% in the newest/).waitFor()
    const table = page.getByRole('grid', { name: 'Performance by week' })
    // One fraud of one, and one of two: Wilson's intervals.
    await table.getByTitle('20.7% to 100%').waitFor()
    await table.getByTitle('9.5% to 90.5%').waitFor()
    await page.getByRole('button', { name: 'precision', exact: true }).click()
    await page.getByText(/Precision of 1 week, 50% in the newest/).waitFor()
    await context.close()
  })

  test('alerts are set, and a viewer can not set them', async () => {
    const { context, page } = await enter('lead', '/monitoring?part=alerts')
    const row = page.getByRole('grid', { name: 'Alert settings' }).getByRole('row', { name: /^label-lag/ })
    await row.getByRole('button', { name: 'Change' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Severity').selectOption('critical')
    await dialog.getByLabel('Limit').fill('3.5')
    await dialog.getByRole('button', { name: 'Change' }).click()
    await dialog.waitFor({ state: 'detached' })
    await row.getByText('critical').waitFor()
    await row.getByText('3.5').waitFor()
    const { definitions } = opened.whole.service.alertStates
    assert.equal(definitions.length, 12)
    assert.deepEqual(
      definitions.find(({ kind }) => kind === 'label-lag'),
      { kind: 'label-lag', isOn: true, severity: 'critical', limit: 3.5 },
    )
    await context.close()
    const viewer = await enter('eve', '/monitoring?part=alerts')
    await viewer.page.getByRole('grid', { name: 'Alert settings' }).getByText('label-lag').waitFor()
    assert.equal(await viewer.page.getByRole('button', { name: 'Change' }).count(), 0)
    await viewer.context.close()
  })

  test('the audit says who did what, filtered by the address, and exports it', async () => {
    const { context, page } = await enter('lead', '/audit?part=log&what=putAlerts')
    const log = page.getByRole('grid', { name: 'Audit log' })
    await log.getByText('/v1/alerts').waitFor()
    assert.equal(await log.getByRole('row').count(), 2)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV' }).click()
    const lines = readFileSync(await (await download).path(), 'utf8')
      .trim()
      .split(/\r?\n/)
    assert.equal(lines.length, 2)
    assert.match(String(lines[1]), /user:lead.*putAlerts/)
    await page.getByLabel('What').fill('logIn')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.waitForURL(/what=logIn/)
    await log.getByText('logIn').first().waitFor()
    await page.getByRole('link', { name: 'Changes' }).click()
    await page.goBack()
    await log.getByText('logIn').first().waitFor()
    await context.close()
    const analyst = await enter('ann', '/audit')
    await analyst.page.getByText('Versions of the policy').waitFor()
    assert.equal(await analyst.page.getByRole('link', { name: 'Who did what' }).count(), 0)
    await analyst.context.close()
  })

  test('four eyes are turned on by an administrator alone', async () => {
    const analyst = await enter('ann', '/settings')
    await analyst.page.getByText('count at once').waitFor()
    assert.equal(await analyst.page.getByRole('button', { name: 'Turn on' }).count(), 0)
    await analyst.context.close()
    const { context, page } = await enter('lead', '/settings')
    await page.getByRole('button', { name: 'Turn on' }).click()
    await page.getByRole('dialog').getByLabel('Why').fill('Audit finding 7')
    await page.getByRole('dialog').getByRole('button', { name: 'Turn on' }).click()
    await page.getByText('wait until somebody else approves them').waitFor()
    assert.equal(opened.whole.people.accounts.fourEyes.isOn, true)
    await context.close()
  })
})

describe('a queue of more than a page', { skip: skipWithoutBrowser }, () => {
  test('goes on as somebody scrolls, until every case is there', async () => {
    const browser = await openBrowser()
    const opened = await openConsole()
    await opened.review(1203)
    const { page } = await visit(browser, opened.url)
    await page.goto(`${opened.url}/console/queue`)
    await signIn(page, 'ann')
    const grid = page.getByRole('grid', { name: 'Cases' })
    await page.getByText('500 shown, more follow as you scroll').waitFor()
    await grid.focus()
    await page.keyboard.press('End')
    await page.getByText('1,000 shown, more follow as you scroll').waitFor()
    await page.keyboard.press('End')
    await page.getByText('1,203 shown', { exact: true }).waitFor()
    assert.equal(await grid.getAttribute('aria-rowcount'), '1204')
    await browser.close()
    await opened.close()
  })
})
