import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { build } from '../../console/build.js'
import type { Detector } from '../../src/detector/detector.ts'
import { listen } from '../../src/http/listen.ts'
import { copyMadeOnce } from '../made-once.ts'
import { testPassword } from '../service/accounts-fixture.ts'
import { startMs } from '../service/decisions-fixture.ts'
import { openWholeService } from '../service/whole-service.ts'

const executablePath = '/usr/bin/chromium'
export const skipWithoutBrowser = existsSync(executablePath)
  ? false
  : `there is no ${executablePath} to open the console in`

/** The console as it is now, before a whole service with people. */
export async function openConsole(transaction: Partial<Detector['transaction']> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-console-'))
  await copyMadeOnce('the console', folder, build)
  const whole = await openWholeService({ consoleFolder: folder }, [0.1, 0.6], transaction)
  await whole.people.add('lead', 'admin')
  await whole.people.add('ann', 'analyst')
  await whole.people.add('ben', 'analyst')
  await whole.people.add('eve', 'viewer')
  const url = await listen(whole.app, '127.0.0.1', 0)
  const cookie = await logIn(url, 'lead')
  let ids = 0
  return {
    ...{ url, whole },
    /** Reviewed, being over 100.00, each in a case of its own. */
    async review(count: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        const id = ++ids
        await whole.service.decide(
          { ID: `t-${id}`, TIME: startMs + id, AMOUNT: 160 + (id % 20), CARD: `c-${id}`, SHOP: `s-${id}` },
          undefined,
          () => 0,
        )
      }
    },
    /** A list of cards that blocks. */
    async list(name: string): Promise<void> {
      const headers = { 'content-type': 'application/json', origin: url, cookie }
      const body = JSON.stringify({ of: 'card', effect: 'block' })
      const { status } = await fetch(`${url}/v1/lists/${name}`, { method: 'PUT', headers, body })
      assert.equal(status, 200)
    },
    async close() {
      await whole.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] })
}

export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
  /** What the browser complained of, and what was asked of anybody else. */
  readonly complaints: string[]
}

/** Opens a page, and notes whatever a browser says of it. Refusals that a test asks for are told as their status. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  // Colours on their way from one to another are no colours to measure.
  const context = await browser.newContext({ timezoneId: 'Europe/Berlin', reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(String(error.stack)))
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(?:data|blob):/.test(request.url()))
      complaints.push(`asked ${request.url()}`)
  })
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective))`,
  )
  return { context, page, complaints }
}

/** The cookie of a new session. */
export async function logIn(url: string, name: string): Promise<string> {
  const answer = await fetch(`${url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password: testPassword }),
  })
  return String(answer.headers.get('set-cookie')?.split(';')[0])
}

/** A visit of somebody who has signed in before, to a page of the console. */
export async function enterConsole(
  browser: Browser,
  url: string,
  name: string,
  path = '',
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const opening = await visit(browser, url, options)
  const [cookie, value] = (await logIn(url, name)).split('=')
  await opening.context.addCookies([{ name: cookie, value, url, httpOnly: true, sameSite: 'Strict' }])
  await opening.page.goto(`${url}/console${path}`)
  await opening.page.locator('#main h1').waitFor()
  return opening
}

export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password').fill(testPassword)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.locator('#main h1').waitFor()
}
