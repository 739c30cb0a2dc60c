import { type Command, Option } from 'commander'
import { wholeNumbers } from './flags.ts'

/** Where a service keeps its data by default. */
export const usualData = '.shrike'

/** The flags of commands that have a group of their own, and its examples. */
export function withDataFlags(command: Command, examples: string): Command {
  return command
    .option('--data <directory>', 'the data directory of the service', usualData)
    .option('--json', 'print the result as JSON on standard output')
    .addHelpText('after', examples)
}

/** The flags of commands that verify a log. */
export function keyChangesOption(): Option {
  return new Option(
    '--key-changes <records>',
    'records at which the key of the log is known to have changed, separated by commas, as log verify lists them',
  ).argParser(wholeNumbers)
}
