import { type Command, Option } from 'commander'
import { encodings } from '../data/text-encoding.ts'
import { list } from './flags.ts'

/** What every command that reads a file of transactions can be told about it (read-input.ts uses it). */
export function addReadingFlags(command: Command): Command {
  return command
    .option('--text <columns>', 'columns to read as text whatever they look like, with commas between', list)
    .addOption(
      new Option('--bad-rows <what>', 'on a row that cannot be read').choices(['fail', 'skip']).default('fail'),
    )
    .option('--rejects <csv>', 'with --bad-rows skip: where the rows that are left out are written, with why')
    .addOption(
      new Option('--decimal <mark>', 'what decimals follow (default: as the cells have it)').choices([
        'point',
        'comma',
      ]),
    )
    .addOption(
      new Option('--dates <order>', 'what comes first in 01/02/2026 (default: as the cells have it)').choices([
        'day-first',
        'month-first',
      ]),
    )
    .option(
      '--missing <words>',
      'what stands for a missing value, with commas between (default: NA, NULL, None, nan, - and the like)',
      list,
    )
    .addOption(new Option('--encoding <name>', 'of a CSV file (default: by its first bytes)').choices(encodings))
}
