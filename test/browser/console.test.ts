import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { accessRoutes, approvalRoutes, decidingRoutes, jobRoutes, modelRoutes } from '../../src/http/route-list.ts'
import { enterConsole, openBrowser, openConsole, signIn, skipWithoutBrowser, visit } from './open-console.ts'

/** What a browser says by itself of an answer that refuses; the console shows it in its own words. */
const isRefusal = (complaint: string) => /status of 40[134]/.test(complaint)

/** Where pages are, out of the one list of them, and their parts. */
const paths = [
  ...[...readFileSync('console/src/pages/index.ts', 'utf8').matchAll(/path: '([^']+)'/g)].map(([, path = '']) => path),
  ...['/monitoring?part=drift', '/monitoring?part=alerts', '/audit?part=log'],
]

/** Every route that changes something, or that a viewer may not call for another reason. */
function changes() {
  return [...decidingRoutes, ...jobRoutes, ...accessRoutes, ...approvalRoutes, ...modelRoutes]
    .filter(({ role }) => !['viewer', 'any key', 'anyone'].includes(role))
    .map(({ method, path }) => ({ method, path: path.replaceAll(/\{\w+\}/g, 'x') }))
}

/** Titles of columns, for the page to find, that their columns have no room for. */
const cutHeads = `[...document.querySelectorAll('.table th')]
  .filter((head) => head.offsetParent !== null && head.querySelector('.visually-hidden') === null)
  .filter((head) => head.scrollWidth > head.clientWidth)
  .map((head) => head.textContent)`

/** Figures, and what is known of keys, for the page to find, that do not show as a whole. */
const cutValues = `[...document.querySelectorAll('.table td.figure, .key-row > span')]
  .filter((value) => value.offsetParent !== null && value.scrollWidth > value.clientWidth)
  .map((value) => value.textContent)`

/** Goes to another page as a link would, and lets it be drawn. */
const goWithin = (href: string) => `new Promise((drawn) => {
  history.pushState({}, '', ${JSON.stringify(href)})
  dispatchEvent(new PopStateEvent('popstate'))
  requestAnimationFrame(() => requestAnimationFrame(drawn))
})`

describe('the console', { skip: skipWithoutBrowser }, () => {
  let browser: Browser
  let opened: Awaited<ReturnType<typeof openConsole>>

  before(async () => {
    browser = await openBrowser()
    opened = await openConsole()
    await opened.review(70)
    await opened.list('stolen')
  })
  after(async () => {
    await browser.close()
    await opened.close()
  })

  const enter = (name: string, path = '', options = {}) => enterConsole(browser, opened.url, name, path, options)

  const casesOf = async (state: string) => {
    const { cases } = opened.whole.service.desk
    return [...cases.all()].filter((one) => (state === 'closed' ? one.closed !== undefined : one.closed === undefined))
  }

  /** The case that a page is on, once it is there. */
  async function caseOf(page: Page, before?: string): Promise<string> {
    await page.waitForURL((url) => /\/cases\/[^/]+$/.test(url.pathname) && url.pathname !== before)
    await page.getByRole('button', { name: /^Fraud/ }).waitFor()
    return new URL(page.url()).pathname
  }

  test('lets somebody in by name and password, says when they are wrong, and lets them out', async () => {
    const { context, page, complaints } = await visit(browser, opened.url)
    await page.goto(`${opened.url}/console/queue`)
    await page.getByLabel('Name').fill('ann')
    await page.getByLabel('Password').fill('not the password of ann')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.locator('[role=alert]', { hasText: /name or.* password|password/i }).waitFor()
    await signIn(page, 'ann')
    await page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Password').waitFor()
    assert.deepEqual(
      complaints.filter((each) => !isRefusal(each)),
      [],
    )
    await context.close()
  })

  // Each page is opened anew in the first look, and come to from the one before it in the others. What is dark differs in
  // its colours alone.
  for (const [look, { isWithin, rules, ...looks }] of Object.entries({
    light: {
      ...{ isWithin: false, rules: undefined },
      ...{ colorScheme: 'light' as const, viewport: { width: 1440, height: 900 } },
    },
    dark: {
      ...{ isWithin: true, rules: ['color-contrast', 'link-in-text-block'] },
      ...{ colorScheme: 'dark' as const, viewport: { width: 1280, height: 800 } },
    },
    phone: {
      ...{ isWithin: true, rules: undefined },
      ...{ colorScheme: 'light' as const, viewport: { width: 390, height: 844 } },
    },
  })) {
    test(`has nothing that axe or the browser complains of on any page: ${look}`, async () => {
      const { context, page, complaints } = await enter('lead', '', looks)
      const [one] = await casesOf('open')
      // What is as it should be is most of a page, and need not be described.
      const options = { resultTypes: ['violations'], selectors: false, ...(rules && { runOnly: rules }) }
      for (const path of paths) {
        const named = path
          .replace('/cases/{id}', `/cases/${one?.id}`)
          .replace('/decisions/{id}', '/decisions/t-1')
          .replace('/keys/{key}/{token}', '/keys/card/c-1')
          .replace('/lists/{name}', '/lists/stolen')
          .replace('/rules/{id}', '/rules/new')
          .replace('/models/{id}', `/models/${opened.whole.modelId}`)
          .replace('/jobs/{id}', '/jobs/none')
        assert.doesNotMatch(named, /[{]/)
        if (isWithin) await page.evaluate(goWithin(`/console${named}`))
        else await page.goto(`${opened.url}/console${named}`)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.waitForLoadState('load')
        await page.locator('.loading').first().waitFor({ state: 'detached' })
        // Runs beside the page's own policy, as an extension's would.
        if (!(await page.evaluate(`'axe' in globalThis`))) await page.evaluate(axe.source)
        const found = await page.evaluate(async (options) => {
          const { violations } = await Reflect.get(globalThis, 'axe').run(options)
          return violations.map(
            ({ id, nodes }: { id: string; nodes: { html: string }[] }) => `${id}: ${nodes[0]?.html}`,
          )
        }, options)
        assert.equal(new URL(page.url()).pathname, `/console${named.replace(/[?].*/, '')}`)
        assert.deepEqual(found, [], named)
        assert.equal(
          await page.evaluate('document.documentElement.scrollWidth > innerWidth'),
          false,
          `${named} is too wide`,
        )
        assert.deepEqual(await page.evaluate(cutHeads), [], `${named} has columns that are too narrow for their titles`)
      }
      assert.deepEqual(
        complaints.filter((each) => !isRefusal(each)),
        [],
      )
      await context.close()
    })
  }

  test('shows figures as a whole on a telephone, those of cases that are open for hours, too', async () => {
    const { context, page } = await enter('ann', '', { viewport: { width: 390, height: 844 } })
    await page.getByRole('heading', { name: 'Now', level: 1 }).waitFor()
    const newest = Math.max(...(await casesOf('open')).map(({ openedAtMs }) => openedAtMs))
    await page.clock.setFixedTime(newest + 12 * 3_600_000 - 1)
    await page.goto(`${opened.url}/console/queue`)
    await page.getByText('11\u00a0h\u00a059\u00a0min').first().waitFor()
    assert.deepEqual(await page.evaluate(cutValues), [])
    await context.close()
  })

  test('takes twenty verdicts by keys alone, each a label, with the next case by itself', async () => {
    const { context, page, complaints } = await enter('ann')
    const closed = (await casesOf('closed')).length
    await page.getByRole('heading', { name: 'Now', level: 1 }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('q')
    await page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor()
    await page.getByRole('grid').waitFor()
    await page.keyboard.press('n')
    let at = await caseOf(page)
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press(i % 3 === 0 ? 'f' : 'l')
      at = await caseOf(page, at)
    }
    const done = (await casesOf('closed')).slice(closed)
    assert.equal(done.length, 20)
    const frauds = done.filter(({ history }) => history.some(({ verdict }) => verdict === 'fraud'))
    assert.equal(frauds.length, 7)
    assert.deepEqual(
      complaints.filter((each) => !isRefusal(each)),
      [],
    )
    await context.close()
  })

  test('takes a wrong verdict back, with its label', async () => {
    const { context, page, complaints } = await enter('ann', '/queue')
    await page.getByRole('grid').waitFor()
    await page.keyboard.press('n')
    const at = await caseOf(page)
    await page.keyboard.press('f')
    await caseOf(page, at)
    const one = opened.whole.service.desk.find(at.split('/').at(-1) ?? '')
    assert.ok(one.closed !== undefined)
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.waitForURL(`${opened.url}${at}`)
    await page.getByText('The verdict is taken back').waitFor()
    await page.getByRole('button', { name: /^Fraud/ }).waitFor()
    assert.equal(one.closed, undefined)
    const labels = await page.evaluate(async (id): Promise<readonly { withdrawn?: unknown }[]> => {
      const answer = await fetch(`/v1/decisions/${id}`)
      return Object((await answer.json()) ?? {}).labels
    }, one.transactions[0]?.id)
    assert.equal(labels.filter(({ withdrawn }) => withdrawn === undefined).length, 0)
    assert.deepEqual(
      complaints.filter((each) => !isRefusal(each)),
      [],
    )
    await context.close()
  })

  test('tells of a payment without a verdict what is known of it already', async () => {
    const one = (await casesOf('open')).at(-1)
    const transactionId = String(one?.transactions[0]?.id)
    const { context, page } = await enter('ann', `/cases/${one?.id}`)
    const bar = page.locator('.case-bar')
    await bar.getByText('At stake').waitFor()
    assert.equal(await bar.getByText('labelled fraud').count(), 0)
    await opened.whole.service.label({ transactionId, isFraud: true, source: 'chargeback' }, 'key:bank')
    await bar.getByText('labelled fraud').waitFor()
    await bar.getByText(/^\D*0[.]00$/).waitFor()
    await context.close()
  })

  test('puts the card of a case on a list', async () => {
    const [one] = await casesOf('open')
    const { context, page } = await enter('lead', `/cases/${one?.id}`)
    await page.getByRole('button', { name: 'To a list' }).first().click()
    await page.locator('select[name=list]:focus').waitFor()
    await page.getByRole('dialog').getByLabel('List').selectOption('stolen')
    await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.goto(`${opened.url}/console/lists/stolen`)
    await page
      .getByRole('grid')
      .getByText(String(one?.keys[0]?.split('=').at(-1)).replace(/^card./, ''), { exact: false })
      .first()
      .waitFor()
    await context.close()
  })

  test('gives the focus to what is filled in first, on a page and in what opens over it', async () => {
    const { context, page, complaints } = await visit(browser, opened.url)
    await page.goto(`${opened.url}/console/search`)
    await page.locator('#name:focus').waitFor()
    await page.getByRole('button', { name: 'With an API key' }).click()
    await page.locator('#key:focus').waitFor()
    await page.getByRole('button', { name: 'With a name' }).click()
    await signIn(page, 'ann')
    await page.locator('input[name=value]:focus').waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').locator('input:focus').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('input[name=value]:focus').waitFor()
    assert.deepEqual(
      complaints.filter((each) => !isRefusal(each)),
      [],
    )
    await context.close()
  })

  test('never gives two analysts the same case', async () => {
    const [ann, ben] = await Promise.all([enter('ann', '/queue'), enter('ben', '/queue')])
    const seen: string[] = []
    let places: (string | undefined)[] = [undefined, undefined]
    for (let i = 0; i < 5; i++) {
      await Promise.all([ann, ben].map(({ page }) => page.keyboard.press(i === 0 ? 'n' : 'u')))
      places = await Promise.all([ann, ben].map(({ page }, who) => caseOf(page, places[who])))
      seen.push(...places.map(String))
    }
    assert.equal(new Set(seen).size, seen.length, seen.join())
    await Promise.all([ann, ben].map(({ context }) => context.close()))
  })

  test('offers a viewer no change, and the routes refuse it', async () => {
    const [one] = await casesOf('open')
    const { context, page } = await enter('eve', `/cases/${one?.id}`)
    await page.getByRole('heading', { name: 'History' }).waitFor()
    assert.equal(await page.getByRole('button', { name: /^Fraud/ }).count(), 0)
    await page.goto(`${opened.url}/console/rules`)
    await page.getByText('No rules yet').waitFor()
    assert.equal(await page.getByRole('link', { name: /new rule|first one/i }).count(), 0)
    const statuses = await page.evaluate(async (asked) => {
      const answers = asked.map(async ({ method, path }) => {
        const headers = { 'content-type': 'application/json' }
        const { status } = await fetch(path, {
          method,
          headers,
          ...(['GET', 'DELETE'].includes(method) ? {} : { body: '{}' }),
        })
        return `${status} ${method} ${path}`
      })
      return Promise.all(answers)
    }, changes())
    assert.ok(statuses.length > 35, `${statuses.length} routes change something`)
    assert.deepEqual(
      statuses.filter((each) => !each.startsWith('403')),
      [],
    )
    await context.close()
  })

  test('asks again over the page when a login has ended, and what was written is still there', async () => {
    const { context, page } = await enter('lead', '/rules/new')
    await page.getByPlaceholder('many-small-payments').fill('half-written')
    await context.clearCookies()
    await page.getByLabel('Reason, as the decision tells it').fill('{amount} is much')
    await page.getByLabel('Condition').click()
    await page.keyboard.type('amount > 70.0')
    const again = page.getByRole('dialog', { name: 'Your session has ended' })
    await again.waitFor()
    await again.getByLabel('Name').fill('lead')
    await again.getByLabel('Password').fill('correct horse battery staple')
    await again.getByRole('button', { name: 'Sign in', exact: true }).click()
    await again.waitFor({ state: 'detached' })
    assert.equal(await page.getByPlaceholder('many-small-payments').inputValue(), 'half-written')
    await context.close()
  })

  test('keeps what was known while the network is away, and goes on when it is back', async () => {
    const { context, page } = await enter('ann', '/')
    await page.getByText('Live', { exact: true }).waitFor()
    await context.setOffline(true)
    await page.goto(`${opened.url}/console`).catch(() => undefined)
    await context.setOffline(false)
    await page.goto(`${opened.url}/console`)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByRole('grid').getByText('t-70', { exact: true }).waitFor()
    await context.setOffline(true)
    await opened.review(1)
    await context.setOffline(false)
    await page.getByRole('grid').getByText('t-71', { exact: true }).waitFor()
    await context.close()
  })
})
