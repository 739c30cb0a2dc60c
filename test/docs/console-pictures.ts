// Takes the pictures of the guide and of the README from the service that `npm start` starts, after some of its traffic:
// npm run docs:pictures
import { mkdirSync, writeFileSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { startDemo, until } from './demo-service.ts'

const port = 8418
const fewestCases = 20
const mostBytes = 150_000

interface Picture {
  readonly name: string
  readonly path: string
  readonly height?: number
  readonly isDark?: boolean
  /** A text that is there once the page is. */
  readonly shows: string | RegExp
}

async function main(folder: string): Promise<void> {
  const demo = await startDemo(port)
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  try {
    const get = async (path: string) => Object((await (await fetch(demo.url + path)).json()) ?? {})
    await until('a queue', async () => (await get('/v1/cases/figures')).cases.open >= fewestCases)
    const { cases } = await get('/v1/cases?limit=100')
    const [busiest] = cases.toSorted(
      (a: { transactions: number }, b: { transactions: number }) => b.transactions - a.transactions,
    )
    mkdirSync(folder, { recursive: true })
    for (const picture of pictures(busiest.id)) {
      const taken = await take(browser, demo.url, picture)
      if (taken.length > mostBytes) throw new Error(`${picture.name} has ${taken.length} bytes`)
      writeFileSync(`${folder}/${picture.name}.webp`, taken)
      console.log(`${folder}/${picture.name}.webp: ${taken.length} bytes`)
    }
  } finally {
    await browser.close()
    await demo.stop()
  }
}

function pictures(caseId: string): readonly Picture[] {
  return [
    { name: 'now', path: '', shows: 'not approved' },
    { name: 'queue', path: '/queue', isDark: true, shows: /shown/ },
    { name: 'case', path: `/cases/${caseId}`, height: 1500, shows: /linked, |linked\. / },
    { name: 'rule', path: '/rules/bad-terminal', height: 1050, shows: /Outcomes that change|Nothing would change/ },
    { name: 'thresholds', path: '/thresholds', shows: /./ },
    { name: 'monitoring', path: '/monitoring', isDark: true, shows: 'By week and model' },
  ]
}

async function take(browser: Browser, url: string, { path, height = 900, isDark = false, shows }: Picture) {
  const colorScheme = isDark ? ('dark' as const) : ('light' as const)
  const page = await browser.newPage({ colorScheme, viewport: { width: 1440, height }, timezoneId: 'UTC' })
  await page.goto(`${url}/console${path}`)
  await page.locator('h1').waitFor()
  await page.getByText(shows).first().waitFor({ timeout: 120_000 })
  await untilLoaded(page)
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 82 })
  await page.close()
  return Buffer.from(data, 'base64')
}

async function untilLoaded(page: Page): Promise<void> {
  await until('a page that is whole', async () => (await page.locator('.loading').count()) === 0)
  await page.waitForTimeout(1500)
}

await main('docs/console')
