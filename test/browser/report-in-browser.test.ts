import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { renderReport } from '../../src/report/render-report.ts'
import { sampleReport } from '../report-sample.ts'

const executablePath = '/usr/bin/chromium'
const skip = existsSync(executablePath) ? false : `there is no ${executablePath} to open the report in`

const long = 'a_feature_with_a_name_that_goes_on_and_on_without_any_place_to_break_it_anywhere_at_all'
// Two that only their ends tell apart.
const names = [long, 'customer_amount_ratio_to_the_mean_of_7_days', 'customer_amount_ratio_to_the_mean_of_30_days']

describe('the report in a browser', { skip }, () => {
  let browser: Browser
  let folder: string
  let url: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shrike-report-'))
    const input = sampleReport()
    const file = join(folder, 'report.html')
    writeFileSync(
      file,
      renderReport({
        ...input,
        title: `Fraud detection on ${long}.csv`,
        importance: {
          metric: 'average precision',
          features: names.map((feature, i) => {
            return { feature, splitGain: 1 / (i + 2), permutation: { mean: 1 / (i + 2), standardDeviation: 0.01 } }
          }),
        },
        data: { ...input.data, source: `${long}.csv` },
      }),
    )
    url = pathToFileURL(file).href
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })

  after(async () => {
    await browser.close()
    rmSync(folder, { recursive: true })
  })

  for (const width of [360, 820, 1280]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`fits ${width} px in ${colorScheme}, asks for nothing and complains of nothing`, async () => {
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme })
        const complaints: string[] = []
        const requests: string[] = []
        page.on('console', (message) => complaints.push(message.text()))
        page.on('pageerror', (error) => complaints.push(error.message))
        page.on('request', (request) => requests.push(request.url()))
        await page.goto(url)
        for (const fold of await page.locator('details').all())
          await fold.evaluate((element) => element.setAttribute('open', ''))
        assert.match((await page.locator('main').textContent()) ?? '', /Catches 87 of 100 frauds/)
        assert.deepEqual(complaints, [])
        assert.deepEqual(requests, [url])
        const box = await page.locator('body').boundingBox()
        assert.equal(box?.width, width)
        const scrolled = await page.locator('html').evaluate((element) => element.scrollWidth)
        assert.ok(scrolled <= width, `the page is ${scrolled} px wide`)
        const charts = await page.locator('figure:not(:has(.bars))').count()
        assert.equal(await page.locator('figure svg[viewBox]:visible').count(), charts, 'one drawing of each is seen')
        const bars = await page.locator('.bars li').count()
        assert.equal(await page.locator('.bars b:visible').count(), bars, 'each bar has its figure')
        const shown = await page
          .locator('.bars li span')
          .evaluateAll((spans) =>
            spans.map((span) => ({ text: span.textContent, isWhole: span.scrollWidth <= span.clientWidth + 1 })),
          )
        assert.deepEqual(
          shown.filter(({ isWhole }) => !isWhole),
          [],
          'names that are cut off',
        )
        // Features by two measures; the other bars are of segments.
        assert.deepEqual(
          shown.map(({ text }) => text).filter((text) => names.some((name) => name === text)),
          [...names, ...names],
        )
        await page.close()
      })
    }
  }

  test('keeps the letters in charts legible on a phone', async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 800 } })
    await page.goto(url)
    const heights = await page
      .locator('figure svg:visible text')
      .evaluateAll((texts) => texts.map((element) => element.getBoundingClientRect().height))
    assert.ok(heights.length > 50)
    assert.ok(Math.min(...heights) >= 10, `the smallest is ${Math.min(...heights)} px high`)
    await page.close()
  })
})
