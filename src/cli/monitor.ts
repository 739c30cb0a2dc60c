import { Command, Option } from 'commander'
import type { SinkFlags } from './label-sink.ts'
import type { DriftFlags } from './monitor-work.ts'
import { type CommonFlags, run } from './run.ts'
import { withServiceFlags } from './service-flags.ts'

const work = () => import('./monitor-work.ts')
type Flags = SinkFlags & CommonFlags

/** `shrike monitor`. */
export function monitorCommand(): Command {
  const command = new Command('monitor')
    .summary('drift, performance and alerts of what is decided')
    .description(
      'Asks the service on the data directory, over HTTP, or the one at --url; where none is running, the log of the ' +
        'directory itself.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  shrike monitor drift\n  shrike monitor alerts --url https://fraud.example.com',
    )
  const drift = withServiceFlags(
    new Command('drift')
      .summary('which features, scores and outcomes have moved')
      .description('Compares the last day with training, and with the same hours of the weeks before.')
      .addOption(new Option('--against <side>', 'with what alone').choices(['training', 'past'])),
    'viewer',
    'Examples:\n  shrike monitor drift --against past --json',
  ).action((options: DriftFlags & CommonFlags) =>
    run(options, async (context) => (await work()).showDrift(options, context)),
  )
  const performance = withServiceFlags(
    new Command('performance')
      .summary('what decisions were worth, by week')
      .description(
        'Prints precision, recall, average precision, calibration and money of each week, as labels say now.',
      ),
    'viewer',
    'Examples:\n  shrike monitor performance',
  ).action((options: Flags) => run(options, async (context) => (await work()).showPerformance(options, context)))
  const alerts = withServiceFlags(
    new Command('alerts')
      .summary('what holds now')
      .description('Lists the alerts that hold, and those that there were.'),
    'viewer',
    'Examples:\n  shrike monitor alerts --json',
  ).action((options: Flags) => run(options, async (context) => (await work()).showAlerts(options, context)))
  const resend = new Command('resend')
    .summary('send alerts again that the webhook did not take')
    .description('Sends what is in the dead-letter file to SHRIKE_ALERT_WEBHOOK; what it does not take stays there.')
    .option('--data <directory>', 'the data directory of the service', '.shrike')
    .option('--json', 'print the result as JSON on standard output')
    .addHelpText('after', '\nExamples:\n  shrike monitor resend')
    .action((options: Pick<SinkFlags, 'data'> & CommonFlags) =>
      run(options, async (context) => (await work()).resendAlerts(options, context)),
    )
  for (const part of [drift, performance, alerts, resend]) command.addCommand(part)
  return command
}
