import { Command, Option } from 'commander'
import { keyChangesOption, withDataFlags } from './data-flags.ts'
import type { DataFlags } from './log-files.ts'
import type { ExportFlags, RekeyFlags, VerifyFlags } from './log-work.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike log head | verify | export | rekey`. */
export function logCommand(): Command {
  const command = new Command('log')
    .summary('the log of decisions: show its head, verify it, export it')
    .description('Reads the log of a data directory, also while a service is running.')
    .addHelpText('after', examples)
  command.addCommand(
    withFlags(
      new Command('head').description("Prints the newest record's number and hash, SEQUENCE:HASH, to keep elsewhere."),
    ).action((options: DataFlags & CommonFlags) =>
      run(options, async (context) => (await import('./log-work.ts')).printHead(options, context)),
    ),
  )
  command.addCommand(
    withFlags(
      new Command('verify').description(
        'Computes every hash again; exits with 1 at the first record that is not valid.',
      ),
    )
      .option('--head <sequence:hash>', 'the output of log head: detects a log that was cut short since then')
      .addOption(keyChangesOption())
      .action((options: VerifyFlags & CommonFlags) =>
        run(options, async (context) => (await import('./log-work.ts')).verify(options, context)),
      ),
  )
  command.addCommand(
    withFlags(
      new Command('rekey').description(
        'Changes the key: SHRIKE_LOG_KEY from here on, SHRIKE_LOG_KEY_BEFORE up to here (unset: no key). The ' +
          'service must not be running. The whole log is verified first.',
      ),
    )
      .addOption(keyChangesOption())
      .action((options: RekeyFlags & CommonFlags) =>
        run(options, async (context) => (await import('./log-work.ts')).rekey(options, context)),
      ),
  )
  command.addCommand(
    withFlags(
      new Command('export').description(
        'Writes every transaction with its decision, its row and its current label; or every change of what is in force.',
      ),
    )
      .option('--changes', 'write changes of rules, lists, the policy and models in place of transactions')
      .option('--scores', 'write what shadows said of decisions, by the sequence of the decision')
      .option('--force', 'replace an existing file instead of keeping it under a numbered name')
      .option('--out <file>', '.csv, .csv.gz, .ndjson or .parquet (default: standard output)')
      .addOption(new Option('--format <format>', 'on standard output').choices(['csv', 'ndjson']).default('csv'))
      .option('--personal', 'show personal values instead of their tokens')
      .action((options: ExportFlags & CommonFlags) =>
        run(options, async (context) => (await import('./log-work.ts')).exportLog(options, context)),
      ),
  )
  return command
}

function withFlags(command: Command): Command {
  return withDataFlags(command, examples)
}

const examples = `
Examples:
  shrike log head
  shrike log verify --head 120034:5f0c…
  shrike log export --out decisions.parquet`
