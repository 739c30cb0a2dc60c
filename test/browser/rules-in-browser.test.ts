import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { makeOfConditions } from './rules-of-page.ts'

const executablePath = '/usr/bin/chromium'
const skip = existsSync(executablePath) ? false : `there is no ${executablePath} to run rules in`

const pages: Readonly<Record<string, string>> = {
  '/': '<!doctype html><title>rules</title><pre></pre><script type="module" src="/page.js"></script>',
  '/page.js': `import { makeOfConditions } from '/test/browser/rules-of-page.ts'
    document.querySelector('pre').textContent = JSON.stringify(makeOfConditions())`,
  '/probe': '<!doctype html><title>probe</title><pre></pre><script type="module" src="/probe.js"></script>',
  '/probe.js': `let said = 'ran'
    try { new Function('return 1')() } catch (error) { said = error.name }
    document.querySelector('pre').textContent = said`,
}
const policy = "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"

/** The files as they are, without their types: what a bundler would put together. */
function contentOf(path: string): string | undefined {
  const page = pages[path]
  if (page !== undefined) return page
  if (!/^\/(?:src|test|node_modules\/re2js)\/[\w./-]+$/.test(path) || path.includes('..')) return undefined
  const file = join(import.meta.dirname, '../..', path)
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'utf8')
  if (!path.endsWith('.ts')) return text
  return stripTypeScriptTypes(text).replaceAll("from 're2js'", "from '/node_modules/re2js/build/index.js'")
}

function serve(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer(({ url = '/' }, response) => {
    const content = contentOf(url)
    const type = /\.(?:ts|js)$/.test(url) ? 'text/javascript' : 'text/html'
    response.writeHead(content === undefined ? 404 : 200, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': policy,
    })
    response.end(content)
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      assert.ok(typeof address === 'object' && address !== null)
      resolve({ server, url: `http://127.0.0.1:${address.port}` })
    })
  })
}

describe('the rule language in a browser', { skip }, () => {
  let browser: Browser
  let server: Server
  let url: string

  before(async () => {
    const served = await serve()
    server = served.server
    url = served.url
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })

  after(async () => {
    await browser.close()
    server.close()
  })

  async function textOf(path: string) {
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('requestfailed', (request) => complaints.push(request.url()))
    await page.goto(`${url}${path}`)
    await page
      .locator('pre:not(:empty)')
      .waitFor({ timeout: 20_000 })
      .catch(() => undefined)
    const text = (await page.locator('pre').textContent()) ?? ''
    await page.close()
    // A browser asks for an icon by itself.
    return { text, complaints: complaints.filter((each) => !/favicon/.test(each)) }
  }

  test('checks, prints, evaluates and explains rules as here, where nothing may be evaluated as code', async () => {
    const { text, complaints } = await textOf('/')
    assert.deepEqual(complaints, [])
    const here = makeOfConditions()
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(here)))
    assert.deepEqual(here.together[0].spoke.length > 3, true)
    assert.ok(here.each.some(({ problems = [] }) => problems.length > 1))
  })

  test('which the policy of the page refuses', async () => {
    const { text } = await textOf('/probe')
    assert.equal(text, 'EvalError')
  })
})
