import { Command, Option } from 'commander'
import * as flags from './flags.ts'
import { addOidcFlags } from './oidc-flags.ts'
import { run } from './run.ts'
import type { ClusterFlags } from './serve-cluster.ts'
import type { ServeFlags } from './serve-work.ts'

/** `shrike serve BUNDLE`. */
export function serveCommand(): Command {
  return addOidcFlags(
    addServeFlags(
      new Command('serve')
        .summary('the HTTP service')
        .description(
          'Serves BUNDLE over HTTP: decisions with live history, kept in the data directory; labels; predictions; health, metrics, documentation.',
        )
        .argument(
          '[bundle]',
          "a trained bundle (default: the data directory's model.safetensors, else shrike-model.safetensors)",
        ),
    ),
  )
    .option('--detector <yaml>', 'in place of BUNDLE: decide without a model, by rules and lists alone')
    .option('--report <html>', 'a report to show at /report')
    .option(
      '--edges <number>',
      'threads that have the connections, for decisions on several cores (default: 2 on Linux with 4 cores or more, else 0)',
      flags.wholeNumber(0, 16),
    )
    .option('--cluster <address>', 'decide with other replicas, ordered by Kafka: kafka://BROKER:PORT/NAME')
    .option('--replica <number/of>', 'with --cluster: which of how many replicas this is, from 1 on', '1/1')
    .option('--replies <host:port>', 'with --cluster: where the other replicas reach this one', '127.0.0.1:7400')
    .addHelpText(
      'after',
      `
Signals: SIGTERM and Ctrl-C answer what was accepted and end; SIGHUP loads the bundle or detector file again.

Examples:
  shrike serve shrike-model.safetensors
  shrike serve --detector cards.yaml
  SHRIKE_API_KEYS=a-long-secret-of-yours shrike serve model.safetensors --host 0.0.0.0 --workers 4`,
    )
    .action((bundle: string | undefined, options: ServeFlags & ClusterFlags, command: Command) =>
      run({}, async (context) => {
        const { cluster } = options
        if (cluster === undefined) return (await import('./serve-work.ts')).serve(bundle, options, context)
        const { refuseOthers, serveCluster } = await import('./serve-cluster.ts')
        const given = command.options.map((option) => ({ name: option.attributeName(), flag: option.long ?? '' }))
        refuseOthers(given.filter(({ name }) => command.getOptionValueSource(name) === 'cli'))
        return serveCluster(bundle, { ...options, cluster }, context)
      }),
    )
}

/** Flags of the service, shared with `demo`. */
export function addServeFlags(command: Command, logLevel: 'info' | 'warn' = 'info'): Command {
  return addDecidingFlags(command, logLevel)
    .option('--port <number>', 'the port; 0 chooses a free one', flags.wholeNumber(0, 65_535), 8000)
    .option('--workers <number>', 'processes that share the port', flags.wholeNumber(1, 64), 1)
}

/** Flags of what decides, asked over HTTP or not. */
export function addDecidingFlags(command: Command, logLevel: 'info' | 'warn' = 'info'): Command {
  return command
    .option('--host <address>', 'the address; any but loopback needs API keys or --insecure', '127.0.0.1')
    .option('--advertise <url>', 'with --data postgres://...: where other processes on the same log reach this one')
    .option(
      '--data <directory>',
      'where decisions, labels and snapshots are kept: a directory, or postgres://USER@HOST/DATABASE',
      '.shrike',
    )
    .option('--max-ahead <duration>', 'how far ahead of the clock a transaction may be', flags.duration, 300_000)
    .option(
      '--max-pending <number>',
      'records on the way to the disk before more are refused',
      flags.wholeNumber(1),
      128,
    )
    .option(
      '--max-pending-labels <number>',
      'labels that may wait for transactions that have not arrived',
      flags.wholeNumber(0),
      100_000,
    )
    .option('--webhooks <yaml>', 'whom to tell of decisions, cases and labels, and of which (default: nobody)')
    .option('--job-files <directory>', 'the files that jobs requested over HTTP may read (default: none, only the log)')
    .option('--retain <duration>', 'how long records are kept (default: for ever)', flags.duration)
    .option('--accept-lost-histories', 'let a detector take over although the log lacks columns of its histories')
    .option('--strict', 'refuse transactions with a field that the detector does not declare')
    .option(
      '--shadow-scores <number>',
      'scores that shadows may give in a second, all together; 0 for none',
      flags.wholeNumber(0),
      1000,
    )
    .option('--snapshot-every <number>', 'new records after which histories are saved', flags.wholeNumber(1), 250_000)
    .option('--history-memory <MiB>', 'the memory that histories may use', flags.wholeNumber(1), 4096)
    .option(
      '--min-free-disk <MiB>',
      'the service reports that it is not ready when less disk is free',
      flags.wholeNumber(0),
      256,
    )
    .option('--max-connections <number>', 'connections at a time, of each process', flags.wholeNumber(1), 10_000)
    .option(
      '--max-connections-per-address <number>',
      'connections of one client; behind a proxy use the value of --max-connections (default: half of it)',
      flags.wholeNumber(1),
    )
    .option('--no-warm-up', 'be ready sooner, with the first hundreds of decisions slower')
    .option(
      '--trust-proxy <address...>',
      'addresses or networks of proxies that say in X-Forwarded-For and -Proto whom they ask for',
    )
    .option('--insecure', 'allow any address without keys, and passwords without TLS')
    .addOption(
      new Option('--log-level <level>', 'the level of the structured log on standard error')
        .choices(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default(logLevel),
    )
}
