import { gzipSync } from 'node:zlib'
import { type CDPSession, chromium, type Page } from 'playwright-core'

export const chromiumPath = '/usr/bin/chromium'

/** What one look at a page took. */
export interface Watched {
  readonly seconds: number
  /** Time that the page's main thread was busy with anything: scripts, styles, layout, painting. */
  readonly busyMs: number
  readonly framesPerSecond: number
  /** How long the longest frame of a hundred took. */
  readonly frameMsP99: number
}

export async function openPage(url: string) {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--enable-precise-memory-info']
  const browser = await chromium.launch({ executablePath: chromiumPath, args })
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const files = new Map<string, number>()
  page.on('response', async (answer) => {
    const { pathname } = new URL(answer.url())
    if (!pathname.startsWith('/console')) return
    const body = await answer.body().catch(() => undefined)
    if (body !== undefined) files.set(pathname, gzipSync(body, { level: 9 }).length)
  })
  return {
    page,
    session,
    async goto(path: string): Promise<void> {
      await page.goto(`${url}/console${path}`)
      await page.locator('h1').waitFor()
      await page.waitForLoadState('networkidle').catch(() => undefined)
    },
    /** Bytes of what the console's files come to, gzipped, since the last time that this was asked. */
    takeBytes(): number {
      const bytes = [...files.values()].reduce((sum, size) => sum + size, 0)
      files.clear()
      return bytes
    },
    close: () => browser.close(),
  }
}

/** Runs in the page, whose names are not those of Node. */
const noteFrames = `{
  const times = (globalThis.frameTimes = [])
  const note = (atMs) => {
    times.push(atMs)
    if (globalThis.frameTimes === times) requestAnimationFrame(note)
  }
  requestAnimationFrame(note)
}`

/** What the main thread and the frames are like while something is done, which says how long. */
export async function watch(page: Page, session: CDPSession, act: () => Promise<unknown>): Promise<Watched> {
  await page.evaluate(noteFrames)
  const before = await busySeconds(session)
  const startMs = performance.now()
  await act()
  const seconds = (performance.now() - startMs) / 1000
  const busyMs = ((await busySeconds(session)) - before) * 1000
  const times = await page.evaluate((): number[] => {
    const noted = Reflect.get(globalThis, 'frameTimes')
    Reflect.set(globalThis, 'frameTimes', undefined)
    return noted
  })
  const lengths = times.slice(1).map((time, i) => time - times[i])
  const sorted = lengths.toSorted((a, b) => a - b)
  const wholeMs = lengths.reduce((sum, length) => sum + length, 0)
  return {
    ...{ seconds, busyMs },
    framesPerSecond: lengths.length / (wholeMs / 1000),
    frameMsP99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
  }
}

async function busySeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN
}

/** The page's heap once what is not in use has gone. */
export async function heapMiB(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return usedSize / 2 ** 20
}
