import { type Command, Option } from 'commander'
import { encodings } from '../data/text-encoding.ts'
import { list } from './flags.ts'

/** What every command that reads a file of transactions can be told about it (read-input.ts uses it). */
export function addReadingFlags(command: Command): Command {
  return command
    .option('--text <columns>', 'columns to read as text in any case, separated by commas', list)
    .addOption(
      new Option('--bad-rows <what>', 'on a row that cannot be read').choices(['fail', 'skip']).default('fail'),
    )
    .option('--rejects <csv>', 'with --bad-rows skip: the file for the rows that are left out, with the reason')
    .addOption(
      new Option('--decimal <mark>', 'the decimal sign (default: as in the cells)').choices(['point', 'comma']),
    )
    .addOption(
      new Option('--dates <order>', 'what comes first in 01/02/2026 (default: as in the cells)').choices([
        'day-first',
        'month-first',
      ]),
    )
    .option(
      '--missing <words>',
      'words that mean a missing value, separated by commas (default: NA, NULL, None, nan, - and similar)',
      list,
    )
    .addOption(
      new Option('--encoding <name>', 'the encoding of a CSV file (default: by its first bytes)').choices(encodings),
    )
}
