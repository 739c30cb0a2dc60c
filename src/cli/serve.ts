import { Command, Option } from 'commander'
import * as flags from './flags.ts'
import { run } from './run.ts'
import type { ServeFlags } from './serve-work.ts'

/** `shrike serve BUNDLE`. */
export function serveCommand(): Command {
  return addServeFlags(
    new Command('serve')
      .summary('the HTTP service')
      .description('Serves BUNDLE over HTTP: POST /predict/ and its kin, health, metrics, OpenAPI, documentation.')
      .argument('[bundle]', 'a trained bundle', 'shrike-model.safetensors'),
  )
    .option('--report <html>', 'a report to show at /report')
    .addHelpText(
      'after',
      `
Signals: SIGTERM and Ctrl-C answer what was accepted and end; SIGHUP loads the bundle file again.

Examples:
  shrike serve shrike-model.safetensors
  SHRIKE_API_KEYS=a-long-secret-of-yours shrike serve model.safetensors --host 0.0.0.0 --workers 4`,
    )
    .action((bundle: string, options: ServeFlags) =>
      run({}, async (context) => (await import('./serve-work.ts')).serve(bundle, options, context)),
    )
}

/** Flags of the service, shared with `demo`. */
export function addServeFlags(command: Command, logLevel: 'info' | 'warn' = 'info'): Command {
  return command
    .option('--port <number>', 'the port; 0 takes any free one', flags.wholeNumber(0, 65_535), 8000)
    .option('--host <address>', 'the address; any but loopback wants SHRIKE_API_KEYS or --insecure', '127.0.0.1')
    .option('--workers <number>', 'processes that share the port', flags.wholeNumber(1, 64), 1)
    .option('--insecure', 'allow any host without keys')
    .addOption(
      new Option('--log-level <level>', 'of the structured log on standard error')
        .choices(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default(logLevel),
    )
}
