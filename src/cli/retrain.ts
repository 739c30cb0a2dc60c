import { Command } from 'commander'
import * as flags from './flags.ts'
import { percent } from './models.ts'
import type { RetrainFlags } from './retrain-work.ts'
import { type CommonFlags, run } from './run.ts'
import { withServiceFlags } from './service-flags.ts'

/** `shrike retrain`. */
export function retrainCommand(): Command {
  const command = new Command('retrain')
    .summary('train again from the log, period after period, and deploy as shadow')
    .description(
      'Trains from the log as a job, compares with the champion on the newest labels that are mature, adds the bundle to ' +
        'the models and deploys it as shadow; never further, unless --canary says so.',
    )
    .option(
      '--every <duration>',
      'how long a period is, in each of which one model is trained',
      flags.duration,
      604_800_000,
    )
    .option('--once', 'train for this period, if that was not done yet, and end')
    .option('--min-frauds <number>', 'labels of fraud that have to be new', flags.wholeNumber(1), 50)
    .option('--allow-leak <feature>', 'as for train; may be repeated', flags.repeated)
    .option('--accept-lost-histories', 'as for train')
    .option('--canary <share>', 'make it canary where it is better for sure, such as 5%', flags.asFlag(percent))
    .option('--by <key>', 'with --canary: the key by which transactions are divided, such as customer')
    .option('--guard <yaml>', 'with --canary: a file with the limits of its guard')
  return withServiceFlags(
    command,
    'author',
    `Examples:
  shrike retrain --every 7d --data /var/lib/shrike
  shrike retrain --once --data /var/lib/shrike
  shrike retrain --every 7d --canary 5% --by customer --guard guard.yaml`,
  ).action((options: RetrainFlags & CommonFlags) =>
    run(options, async (context) => (await import('./retrain-work.ts')).retrain(options, context)),
  )
}
