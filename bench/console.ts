import { existsSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import type { Page } from 'playwright-core'
import { build } from '../console/build.js'
import type { Claim } from './harness/claim.ts'
import { chromiumPath, heapMiB, openPage, type Watched, watch } from './harness/console-browser.ts'
import { startConsoleService } from './harness/console-service.ts'
import { format, markdownTable } from './harness/report.ts'

const perSecond = 50
const fewestFrames = 50
const bars = { firstLoadKb: 60, rulesKb: 200 }

/** The console in Debian's Chromium, before a service with many cases and traffic. */
export const consoleClaim: Claim = {
  title: 'The console: size, frames and memory',
  packages: [],
  async measure({ smoke, log }) {
    if (!existsSync(chromiumPath)) return `Not measured: there is no ${chromiumPath}.`
    const cases = smoke ? 1000 : 10_000
    const seconds = smoke ? 3 : 20
    const keys = smoke ? 30 : 200
    await build()
    const service = await startConsoleService()
    try {
      log(`opening ${cases} cases`)
      await service.open(cases)
      const browser = await openPage(service.url)
      try {
        return await look(service, browser, { cases, seconds, keys, log })
      } finally {
        await browser.close()
      }
    } finally {
      service.stop()
    }
  },
}

interface Plan {
  readonly cases: number
  readonly seconds: number
  readonly keys: number
  readonly log: (line: string) => void
}

type Service = Awaited<ReturnType<typeof startConsoleService>>
type Browser = Awaited<ReturnType<typeof openPage>>

async function look(service: Service, browser: Browser, { cases, seconds, keys, log }: Plan): Promise<string> {
  const { page, session } = browser
  await browser.goto('')
  const firstLoad = browser.takeBytes()
  const wait = () => page.waitForTimeout(seconds * 1000)
  log('Now without traffic, then with it')
  const idle = await watch(page, session, wait)
  const stopNow = service.stream(perSecond, cases)
  await page.waitForTimeout(2000)
  const live = await watch(page, session, wait)
  const nowHeap = await heapMiB(session)
  await stopNow()

  log(`the queue with ${cases} cases`)
  await browser.goto('/queue')
  const rows = await loadAll(page, cases)
  const moved = await watch(page, session, () => pressMany(page, 'j', keys))
  const stopQueue = service.stream(perSecond, cases)
  await page.waitForTimeout(2000)
  const scrolled = await watch(page, session, () => scroll(page, seconds))
  const movedLive = await watch(page, session, () => pressMany(page, 'j', keys))
  await stopQueue()
  const queueHeap = await heapMiB(session)

  browser.takeBytes()
  // A new page: what is in the browser's memory is not asked for again.
  const other = await openPage(service.url)
  await other.goto('/rules/new')
  const rules = other.takeBytes()
  await other.close()
  return describe({ rows, firstLoad, rules, idle, live, moved, scrolled, movedLive, nowHeap, queueHeap, keys, cases })
}

/** Goes to the end of the table until all rows are there. */
async function loadAll(page: Page, cases: number): Promise<number> {
  const grid = page.getByRole('grid', { name: 'Cases' })
  await grid.focus()
  let rows = 0
  for (let i = 0; i < 200 && rows < cases; i++) {
    await page.keyboard.press('End')
    await page.waitForTimeout(100)
    rows = Number(await grid.getAttribute('aria-rowcount')) - 1
  }
  await page.keyboard.press('Home')
  return rows
}

async function pressMany(page: Page, key: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await page.keyboard.press(key)
}

/** Turns the wheel through the table, down and up again. */
async function scroll(page: Page, seconds: number): Promise<void> {
  await page.mouse.move(700, 500)
  const end = performance.now() + seconds * 1000
  for (let i = 0; performance.now() < end; i++) {
    await page.mouse.wheel(0, Math.floor(i / 60) % 2 === 0 ? 400 : -400)
    await page.waitForTimeout(16)
  }
}

interface Found {
  readonly rows: number
  readonly firstLoad: number
  readonly rules: number
  readonly idle: Watched
  readonly live: Watched
  readonly moved: Watched
  readonly scrolled: Watched
  readonly movedLive: Watched
  readonly nowHeap: number
  readonly queueHeap: number
  readonly keys: number
  readonly cases: number
}

function describe(found: Found): string {
  const { rows, firstLoad, rules, idle, live, moved, scrolled, movedLive, nowHeap, queueHeap, keys, cases } = found
  const kb = (bytes: number) => `${format(bytes / 1000)} kB`
  const held = (isMet: boolean) => (isMet ? 'met' : 'MISSED')
  const frames = ({ framesPerSecond, frameMsP99 }: Watched) =>
    `${format(framesPerSecond)}, p99 ${format(frameMsP99)} ms`
  const perEvent = (live.busyMs / live.seconds - idle.busyMs / idle.seconds) / perSecond
  const framesBar = (watched: Watched) => [
    `at least ${fewestFrames} a second`,
    held(watched.framesPerSecond >= fewestFrames),
  ]
  return [
    `Debian's Chromium, 1440 x 900, on the same processors as the service and the traffic: ${rows.toLocaleString('en')} of ${cases.toLocaleString('en')} cases in the table, ${perSecond} decisions a second, each of which also changes a case. Busy is the main thread with scripts, styles, layout and painting, as Chromium counts it. Load of the machine meanwhile: ${format(loadavg()[0])} on ${availableParallelism()} cores.`,
    markdownTable(
      ['what', 'found', 'bar', ''],
      [
        ['first load, gzipped', kb(firstLoad), `${bars.firstLoadKb} kB`, held(firstLoad < bars.firstLoadKb * 1000)],
        ['rule page alone, gzipped', kb(rules), `${bars.rulesKb} kB`, held(rules < bars.rulesKb * 1000)],
        ['frames on Now, no traffic', frames(idle), 'for comparison', ''],
        ['frames on Now, live', frames(live), ...framesBar(live)],
        ['frames in the queue, scrolled, live', frames(scrolled), ...framesBar(scrolled)],
        ['frames in the queue, moved in by keys, live', frames(movedLive), ...framesBar(movedLive)],
        ['busy for an event on Now', `${format(perEvent)} ms`, '', ''],
        ['busy on Now, live', `${format(live.busyMs / live.seconds / 10)} % of the time`, '', ''],
        ['busy for a key in the queue, no traffic', `${format(moved.busyMs / keys)} ms`, '', ''],
        ['heap of Now', `${format(nowHeap)} MiB`, '', ''],
        ['heap of the queue with all cases', `${format(queueHeap)} MiB`, '', ''],
      ],
    ),
  ].join('\n\n')
}
