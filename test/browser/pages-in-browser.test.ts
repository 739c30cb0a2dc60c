import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { createKeyRing, digestKey } from '../../src/access/keys.ts'
import { openTestDecisions } from '../service/decisions-fixture.ts'
import { openTestService } from '../service/fixture.ts'

const executablePath = '/usr/bin/chromium'
const skip = existsSync(executablePath) ? false : `there is no ${executablePath} to open the pages in`
const key = 'a-key-of-sixteen-characters'
const tillKey = 'a-key-that-may-only-score'
const createdAt = '2026-11-22T09:00:00.000Z'

describe('pages in a browser', { skip }, () => {
  let browser: Browser
  let url: string
  let close: () => Promise<void>

  before(async () => {
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
    const running = await openTestDecisions()
    await running.service.resume()
    const ring = createKeyRing([key], [{ name: 'till', roles: ['score'], createdAt, sha256: digestKey(tillKey) }])
    const service = await openTestService({ decisions: running.service, metrics: running.metrics, keyRing: () => ring })
    url = service.url
    close = async () => {
      await service.app.close()
      await running.close()
    }
  })

  after(async () => {
    await browser.close()
    await close()
  })

  /** What a browser complains of, but for the answers that are refused on purpose. */
  function complaintsOf(page: Page): string[] {
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of 40[134]/.test(message.text())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    return complaints
  }

  async function enter(page: Page, path: string, typed: string): Promise<void> {
    await page.goto(url + path)
    await page.locator('input').fill(typed)
    await page.locator('form button').click()
  }

  test('ask for the key once, keep it for the tab alone, and say when it is wrong', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 800 } })
    const page = await context.newPage()
    const complaints = complaintsOf(page)
    await enter(page, '/', 'a-key-that-nobody-knows')
    await page.getByText('This key is unknown').waitFor()
    await page.locator('input').fill(key)
    await page.locator('form button').click()
    await page.getByRole('heading', { name: 'Ask for a decision' }).waitFor()
    await page.getByText('Nothing was decided yet.').waitFor()
    assert.equal(page.url(), `${url}/`)
    assert.deepEqual(await context.cookies(), [])
    await page.getByRole('link', { name: 'Metrics' }).click()
    await page.getByText('shrike_model_info').waitFor()
    const other = await context.newPage()
    await other.goto(url)
    await other.locator('input:focus').waitFor()
    assert.deepEqual(complaints, [])
    await context.close()
  })

  test('say which role the key lacks', async () => {
    const page = await browser.newPage()
    const complaints = complaintsOf(page)
    await enter(page, '/v1/decisions', tillKey)
    await page.getByText('may not open this page. This key does not have the role viewer').waitFor()
    await page.locator('input').fill(key)
    await page.locator('form button').click()
    await page.getByText('"cursor"').waitFor()
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('tell a service that does not answer from a page that lacks a part', async () => {
    const page = await browser.newPage()
    await page.route(/swagger-ui\.css/, (route) => route.fulfill({ status: 503, body: '' }))
    await enter(page, '/docs', key)
    await page.getByText(/the page could not be shown: \S*swagger-ui\.css came with status 503/).waitFor()
    await page.unroute(/swagger-ui\.css/)
    await page.context().setOffline(true)
    await page.locator('input').fill(key)
    await page.locator('form button').click()
    await page.getByText('The service does not answer').waitFor()
    await page.close()
  })

  test('show the docs, whose calls carry the key', async () => {
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } })
    const complaints = complaintsOf(page)
    await enter(page, '/docs', key)
    await page.locator('.opblock-summary-path').first().waitFor()
    const sent = page.waitForRequest((request) => request.url().endsWith('/metrics'))
    await page.locator('.opblock', { hasText: '/metrics' }).first().locator('.opblock-summary').click()
    await page.getByRole('button', { name: 'Execute' }).first().click()
    assert.equal((await sent).headers().authorization, `Bearer ${key}`)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  for (const width of [390, 1280]) {
    for (const path of ['/', '/docs', '/report', '/nothing']) {
      test(`${path} fits ${width} px`, async () => {
        const page = await browser.newPage({ viewport: { width, height: 800 } })
        const complaints = complaintsOf(page)
        await enter(page, path, key)
        await page.locator('form', { hasText: 'API key' }).waitFor({ state: 'detached' })
        await page.waitForLoadState('networkidle')
        const scrolled = await page.locator('html').evaluate((element) => element.scrollWidth)
        assert.ok(scrolled <= width, `the page is ${scrolled} px wide`)
        assert.deepEqual(complaints, [])
        await page.close()
      })
    }
  }

  test('copy a command with the key of the tab', async () => {
    const context = await browser.newContext()
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const page = await context.newPage()
    await enter(page, '/', key)
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByText('Copied').waitFor()
    const text = await page.evaluate('navigator.clipboard.readText()')
    assert.match(String(text), new RegExp(`^curl -s ${url}/v1/decisions .*Bearer ${key}`))
    assert.equal(await page.getByText('works as it stands').count(), 0)
    await context.close()
  })
})
