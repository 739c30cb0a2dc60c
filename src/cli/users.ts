import { Command, Option } from 'commander'
import { roles } from '../access/roles.ts'
import { withDataFlags } from './data-flags.ts'
import { type CommonFlags, run } from './run.ts'
import type { NewUserFlags, UserRolesFlags, UsersFlags } from './users-work.ts'

/** `shrike users create | list | roles | password | disable | enable`. */
export function usersCommand(): Command {
  const command = new Command('users')
    .summary('people who can log in')
    .description(
      'Creates, lists and changes the users of a data directory, also while a service runs on it. Passwords are typed, or read from standard input.',
    )
    .addHelpText('after', examples)
  command.addCommand(createCommand())
  command.addCommand(
    withDataFlags(new Command('list').description('Lists the users and their roles.'), examples).action(
      (options: UsersFlags & CommonFlags) =>
        run(options, async (context) => (await import('./users-work.ts')).listUsers(options, context)),
    ),
  )
  command.addCommand(
    withDataFlags(
      new Command('roles')
        .description('Sets the roles of a user, in place of those before.')
        .argument('<name>', 'of the user')
        .addOption(rolesOption()),
      examples,
    ).action((name: string, options: UserRolesFlags & CommonFlags) =>
      run(options, async (context) => (await import('./users-work.ts')).setRoles(name, options, context)),
    ),
  )
  command.addCommand(
    withDataFlags(
      new Command('password')
        .description('Sets the password of a user, which ends the sessions of the user.')
        .argument('<name>', 'of the user'),
      examples,
    ).action((name: string, options: UsersFlags & CommonFlags) =>
      run(options, async (context) => (await import('./users-work.ts')).setPassword(name, options, context)),
    ),
  )
  command.addCommand(switchCommand('disable', 'Keeps a user from logging in, and ends the sessions of the user.', true))
  command.addCommand(switchCommand('enable', 'Lets a disabled user log in again.', false))
  return command
}

function createCommand(): Command {
  return withDataFlags(
    new Command('create')
      .description('Creates a user with a password, which is asked for.')
      .argument('<name>', 'letters, digits, ".", "_", "@", "+" and "-"')
      .addOption(rolesOption())
      .option(
        '--yes',
        'create the first user of a running service without a question; it refuses requests without a key or a login from then on',
      ),
    examples,
  ).action((name: string, options: NewUserFlags & CommonFlags) =>
    run(options, async (context) => (await import('./users-work.ts')).createUser(name, options, context)),
  )
}

function switchCommand(verb: string, description: string, disabled: boolean): Command {
  return withDataFlags(new Command(verb).description(description).argument('<name>', 'of the user'), examples).action(
    (name: string, options: UsersFlags & CommonFlags) =>
      run(options, async (context) => (await import('./users-work.ts')).switchUser(name, disabled, options, context)),
  )
}

function rolesOption(): Option {
  return new Option(
    '--role <role...>',
    'viewer: reading decisions; analyst: searching them, too; author: changing rules, lists, policy and models; approver: approving changes of others; admin: everything',
  )
    .choices(roles)
    .makeOptionMandatory()
}

const examples = `
Examples:
  shrike users create ada --role admin
  pass show shrike/bob | shrike users create bob --role analyst --role author --data /var/lib/shrike
  shrike users roles bob --role approver
  shrike users disable bob
  shrike users list`
