import { Command, Option } from 'commander'
import { usualData } from './data-flags.ts'
import { duration, wholeNumber } from './flags.ts'
import { type CommonFlags, run } from './run.ts'
import type { ReplayFlags, WebhookFlags } from './webhooks-work.ts'

const work = () => import('./webhooks-work.ts')

/** `shrike webhooks`. */
export function webhooksCommand(): Command {
  const command = new Command('webhooks')
    .summary('who is told of decisions and cases, and what did not arrive')
    .description('Asks the service on the data directory, or the one at --url, over HTTP: a running service sends.')
    .addHelpText('after', '\nExamples:\n  shrike webhooks list\n  shrike webhooks replay core-banking --dead')
  const list = withClientFlags(new Command('list').summary('the endpoints, and how far each is'), 'viewer')
    .addHelpText('after', '\nExamples:\n  shrike webhooks list --json')
    .action((options: WebhookFlags & CommonFlags) =>
      run(options, async (context) => (await work()).listWebhooks(options, context)),
    )
  const dead = withClientFlags(new Command('dead').summary('events that an endpoint did not take'), 'viewer')
    .argument('<name>', 'the endpoint')
    .addHelpText('after', '\nExamples:\n  shrike webhooks dead core-banking')
    .action((name: string, options: WebhookFlags & CommonFlags) =>
      run(options, async (context) => (await work()).listDead(name, options, context)),
    )
  const replay = withClientFlags(new Command('replay').summary('send events to an endpoint once more'), 'admin')
    .argument('<name>', 'the endpoint')
    .option('--from <sequence>', 'all from this record on, in order', wholeNumber(1))
    .option('--dead', 'what it did not take')
    .addHelpText('after', '\nExamples:\n  shrike webhooks replay core-banking --from 18250')
    .action((name: string, options: ReplayFlags & CommonFlags) =>
      run(options, async (context) => (await work()).replay(name, options, context)),
    )
  for (const part of [list, dead, replay]) command.addCommand(part)
  return command
}

function withClientFlags(command: Command, role: string): Command {
  return command
    .option('--data <directory>', 'the data directory of the service', usualData)
    .option('--url <url>', 'of a service elsewhere')
    .addOption(new Option('--key <key>', `an API key with the role ${role}`).env('SHRIKE_API_KEY'))
    .option('--timeout <duration>', 'how long a service that is busy is asked again', duration, 120_000)
    .option('--json', 'print the result as JSON on standard output')
}
