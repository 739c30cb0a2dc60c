import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { simulateCreditcard } from '../data/simulate/creditcard.ts'
import { writeCsv } from '../data/write-csv.ts'
import { parseApiKeys } from '../http/api-keys.ts'
import { exampleCall } from '../http/example-call.ts'
import { readBundle } from '../scoring/load-predictor.ts'
import { type Run, throwIfInterrupted } from './run.ts'
import { type ServeFlags, startServing } from './serve-work.ts'
import { train } from './train-work.ts'

export interface DemoFlags extends ServeFlags {
  readonly dir: string
  readonly seed: number
  readonly label?: string
}

/** The whole recipe in one go: a table, a model, a report, a service, and a request to try. */
export async function demo(file: string | undefined, flags: DemoFlags, run: Run): Promise<void> {
  const { terminal, signal } = run
  await mkdir(flags.dir, { recursive: true })
  const table = file ?? (await simulate(flags, run))
  const out = join(flags.dir, 'model.safetensors')
  const report = join(flags.dir, 'report.html')
  await train(
    table,
    {
      out,
      report,
      preset: 'default',
      split: 'time',
      testShare: 0.2,
      weights: 'evaluation',
      seed: flags.seed,
      data: flags.dir,
      ...(flags.label !== undefined && { label: flags.label }),
    },
    run,
  )
  throwIfInterrupted(signal)
  const workerArgs = ['serve', out, ...serveArgs(flags), '--report', report]
  const service = await startServing(out, { ...flags, report }, signal, workerArgs)
  const { example } = await readBundle(out)
  const needsKey = parseApiKeys(process.env.SHRIKE_API_KEYS).length > 0
  terminal.say(
    `
Shrike is serving ${service.modelId}. Ctrl-C stops it.

  report    ${pathToFileURL(resolve(report)).href}
  docs      ${service.url}/docs
  metrics   ${service.url}/metrics

Try it:

  ${exampleCall(service.url, example, needsKey)}
`,
  )
  await service.closed
}

async function simulate(flags: DemoFlags, { terminal, signal }: Run): Promise<string> {
  terminal.say('No file was given, so a card table is simulated (your own: npm start -- path/to/creditcard.csv)')
  const path = join(flags.dir, 'creditcard.csv')
  const progress = terminal.begin('simulate')
  const table = simulateCreditcard({ seed: flags.seed, onProgress: (done, total) => progress.update(done, total) })
  throwIfInterrupted(signal)
  await writeCsv(table, path)
  progress.end(`${table.rowCount.toLocaleString('en')} transactions in ${path}`)
  return path
}

function serveArgs({ port, host, workers, insecure, logLevel }: ServeFlags): string[] {
  const args = ['--port', String(port), '--host', host, '--workers', String(workers), '--log-level', logLevel]
  return insecure ? [...args, '--insecure'] : args
}
