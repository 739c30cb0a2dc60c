import { Command, Option } from 'commander'
import { roles } from '../access/roles.ts'
import { withDataFlags } from './data-flags.ts'
import type { CreateFlags, KeysFlags } from './keys-work.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike keys create | list | revoke`. */
export function keysCommand(): Command {
  const command = new Command('keys')
    .summary('API keys with roles')
    .description('Makes, lists and revokes the API keys of a data directory. Only their SHA-256 hashes are kept.')
    .addHelpText('after', examples)
  command.addCommand(createCommand())
  command.addCommand(
    withFlags(new Command('list').description('Lists the keys: their names, roles and when they were made.')).action(
      (options: KeysFlags & CommonFlags) =>
        run(options, async (context) => (await import('./keys-work.ts')).listKeys(options, context)),
    ),
  )
  command.addCommand(
    withFlags(
      new Command('revoke').description('Deletes a key from the data directory.').argument('<name>', 'of the key'),
    ).action((name: string, options: KeysFlags & CommonFlags) =>
      run(options, async (context) => (await import('./keys-work.ts')).revokeKey(name, options, context)),
    ),
  )
  return command
}

function createCommand(): Command {
  return withFlags(
    new Command('create')
      .description('Makes a random key and prints it, only this once, on standard output.')
      .addOption(
        new Option(
          '--role <role...>',
          'score: predictions and decisions; label: labels; viewer: reading decisions; analyst: searching them, too; author, approver: as viewer; admin: everything',
        )
          .choices(roles)
          .makeOptionMandatory(),
      )
      .option('--name <name>', "the key's name, to list and revoke it (default: a role and a number)")
      .option('--owner <name>', 'whose the key is: the name of a user or of another person; four eyes ask for one')
      .option(
        '--yes',
        'make the first key of a running service without a question; it refuses requests without a key from then on',
      ),
  ).action((options: CreateFlags & CommonFlags) =>
    run(options, async (context) => (await import('./keys-work.ts')).createKey(options, context)),
  )
}

function withFlags(command: Command): Command {
  return withDataFlags(command, examples)
}

const examples = `
Examples:
  shrike keys create --role score --name checkout
  shrike keys create --role label --role score --data /var/lib/shrike
  shrike keys list
  shrike keys revoke checkout`
