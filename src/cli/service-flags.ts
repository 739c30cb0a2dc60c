import { type Command, Option } from 'commander'
import { usualData } from './data-flags.ts'
import { duration } from './flags.ts'

/** The flags of commands that work on a running service, or on a data directory without one. */
export function withServiceFlags(command: Command, role: string, examples: string): Command {
  return command
    .option('--data <directory>', 'the data directory of the service', usualData)
    .option('--url <url>', 'of a service elsewhere')
    .addOption(new Option('--key <key>', `an API key with the role ${role}`).env('SHRIKE_API_KEY'))
    .option('--timeout <duration>', 'how long a service that is busy is asked again', duration, 120_000)
    .option('--bundle <bundle>', 'without a service: the bundle (default: what decided last in the data directory)')
    .option('--detector <yaml>', 'without a service and a model: the detector whose rules and lists decide')
    .option('--json', 'print the result as JSON on standard output')
    .addHelpText('after', `\n${examples}`)
}
