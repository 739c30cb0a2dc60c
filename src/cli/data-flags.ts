import type { Command } from 'commander'

/** The flags of commands that have a group of their own, and its examples. */
export function withDataFlags(command: Command, examples: string): Command {
  return command
    .option('--data <directory>', 'the data directory of the service', '.shrike')
    .option('--json', 'print the result as JSON on standard output')
    .addHelpText('after', examples)
}
