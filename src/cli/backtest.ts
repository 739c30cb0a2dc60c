import { Command, Option } from 'commander'
import { usualExamples } from '../backtest/request.ts'
import { strengths } from '../decisioning/opinion.ts'
import { outcomes } from '../detector/detector-schema.ts'
import type { BacktestFlags } from './backtest-work.ts'
import { usualData } from './data-flags.ts'
import * as flags from './flags.ts'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike backtest`. */
export function backtestCommand(): Command {
  const command = new Command('backtest')
    .summary('what a rule, a list, a policy or a model would have done with past decisions')
    .description(
      'Judges the decisions of a log again, or the transactions of a file, by what is tested, and holds that against what happened and what is in force. ' +
        'Reads a data directory beside its service, and changes nothing.',
    )
    .option('--data <directory>', 'the data directory of the service', usualData)
    .option('--file <file>', 'transactions of a file, in the place of a log')
    .option('--detector <yaml>', 'the detector of the file; of a log one with more features than the one in force')
    .option('--history <file>', 'earlier rows of the file, which feed histories and are not judged')
  for (const option of testedOptions()) command.addOption(option)
  command
    .option('--compare <path>', 'another policy, as --policy takes it, to compare the first with')
    .option('--from <time>', 'transactions from this time on, such as 2026-03-01T00:00:00Z', flags.instant)
    .option('--to <time>', 'transactions before this time', flags.instant)
    .option('--known-by <time>', 'only labels that were known by then (default: the end of the log)', flags.instant)
    .option(
      '--entries-now',
      'lists hold what they hold now from the first transaction on, in place of what they held then',
    )
    .option(
      '--examples <number>',
      'how many transactions of each kind to name',
      flags.wholeNumber(0, 1000),
      usualExamples,
    )
    .option('--threads <number>', 'threads to judge with (default: one for each processor)', flags.wholeNumber(1, 256))
    .option('--report <html>', 'write the figures as a page')
    .option('--force', 'replace a file that is there; else it is kept under a numbered name')
    .option('--json', 'print the figures as JSON on standard output')
  addReadingFlags(command)
  return command
    .addHelpText(
      'after',
      `
Examples:
  shrike backtest --rule 'amount > 500.0 && card_count_1h > 5' --then decline
  shrike backtest --policy policy/ --compare policy.yaml --from 2026-03-01T00:00:00Z --report backtest.html
  shrike backtest --list blocked_cards --effect block --entries cards.csv --of card
  shrike backtest --model next.safetensors --json
  shrike backtest --file t.csv --detector d.yaml --policy policy/`,
    )
    .action((options: BacktestFlags & CommonFlags) =>
      run(options, async (context) => (await import('./backtest-work.ts')).backtest(options, context)),
    )
}

/** What may be tested. */
function testedOptions(): readonly Option[] {
  return [
    new Option('--rule <condition>', 'a rule with this condition, live beside those in force'),
    new Option('--then <outcome>', 'its outcome (default: decline)').choices(outcomes),
    new Option('--strength <strength>', 'its strength (default: plain)').choices(strengths),
    new Option('--rules <yaml>', 'a rule, or a list of them, live beside those in force'),
    new Option('--list <name>', 'a list: one of those in force, or a new one'),
    new Option('--of <name>', 'the key or the field that a new list is of'),
    new Option('--effect <effect>', 'what it means to be on the list (default: as in force, else block)').choices([
      'block',
      'allow',
      'watch',
    ]),
    new Option('--entries <csv>', 'what is on the list, as `lists add` takes it (default: as the log says)'),
    new Option('--policy <path>', 'a directory of a policy, or a policy file, in the place of the one in force'),
    new Option('--model <bundle>', 'a model whose scores take the place of those that were recorded'),
  ]
}
