// Takes the picture of a sample report that the README shows: `node test/report-screenshot.ts docs/report.png`.
import { chromium } from 'playwright-core'
import { renderReport } from '../src/report/render-report.ts'
import { sampleReport } from './report-sample.ts'

const [target = 'docs/report.png'] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
})
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1100 }, colorScheme: 'light' })
  await page.setContent(renderReport(sampleReport()))
  await page.screenshot({ path: target })
} finally {
  await browser.close()
}
