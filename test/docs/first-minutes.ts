// Does what a fraud analyst would do with nothing but the console of `npm start`: from the first screen to ten verdicts and
// one live rule. Prints a transcript with times: npm run docs:first-minutes
import { type Browser, chromium, type Page } from 'playwright-core'
import { startDemo, until } from './demo-service.ts'

const port = 8417
const verdicts = 10

async function main(): Promise<void> {
  const demo = await startDemo(port)
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  try {
    await work(browser, demo.link)
  } finally {
    await browser.close()
    await demo.stop()
  }
}

async function work(browser: Browser, link: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const startMs = performance.now()
  const tell = (what: string) => {
    const seconds = Math.round((performance.now() - startMs) / 1000)
    console.log(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}  ${what}`)
  }
  await page.goto(link)
  await page.getByRole('heading', { name: 'Now', level: 1 }).waitFor()
  tell('opened the link that npm start printed: Now, without a password')
  await page.getByText('Live', { exact: true }).waitFor()
  tell('decisions come in live')
  await page.keyboard.press('g')
  await page.keyboard.press('q')
  const cases = page.getByRole('grid', { name: 'Cases' })
  await until('a case in the queue', () => cases.isVisible())
  await until('ten cases in the queue', async () => Number(await cases.getAttribute('aria-rowcount')) > verdicts)
  tell(`g q: the queue has ${Number(await cases.getAttribute('aria-rowcount')) - 1} cases`)
  await page.keyboard.press('n')
  for (let i = 0; i < verdicts; i++) await decide(page, tell)
  tell(`${verdicts} verdicts given`)
  await switchOn(page, tell)
}

/** Reads why, then says what it is: fraud where payments of the card are known to be, else legitimate. */
async function decide(page: Page, tell: (what: string) => void): Promise<void> {
  await page.getByRole('button', { name: /^Fraud/ }).waitFor()
  const { pathname } = new URL(page.url())
  const why = page.locator('section', { has: page.getByRole('heading', { name: 'Why' }) })
  await why
    .getByText(/over the \w+ threshold|bad-terminal/)
    .first()
    .waitFor()
  const card = await page.getByRole('heading', { level: 1 }).textContent()
  const isFraud = (await why.getByText(/of this card within 30 days are known to be fraud/).count()) > 0
  await page.keyboard.press(isFraud ? 'f' : 'l')
  await page.waitForURL((url) => url.pathname !== pathname)
  tell(`${card}: ${isFraud ? 'f, fraud' : 'l, legitimate'}, and the next one opened by itself`)
}

async function switchOn(page: Page, tell: (what: string) => void): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByLabel('Page, case, transaction, card, rule or list').fill('bad-terminal')
  await page.getByRole('option', { name: /rule$/ }).first().waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'bad-terminal', level: 1 }).waitFor()
  tell('Ctrl K, bad-terminal: the rule that waits in shadow')
  const backtest = page.locator('section', { has: page.getByRole('heading', { name: 'Backtest' }) })
  await backtest.getByText(/^Outcomes that change/).waitFor({ timeout: 120_000 })
  tell(`the backtest ran by itself: ${await backtest.getByText(/^Outcomes that change/).textContent()}`)
  await page.getByLabel('State').selectOption('live')
  await page.keyboard.press('Control+s')
  await page.getByRole('dialog').getByLabel('Why').fill('Terminals of the skimming of last week')
  await page.getByRole('dialog').getByRole('button', { name: 'Put in force' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  tell('state live, Ctrl S, why, Put in force')
  await page.keyboard.press('g')
  await page.keyboard.press('n')
  const stream = page.getByRole('grid', { name: 'Decisions' })
  await page.getByRole('button', { name: 'review', exact: true }).click()
  // Under the pointer nothing would move.
  await page.mouse.move(2, 2)
  const deciding = stream.getByRole('row', { name: /bad-terminal/ }).first()
  await deciding.waitFor({ timeout: 300_000 })
  tell('g n, review: the first decision that the rule made')
}

await main()
