import { Command } from 'commander'
import type { AuditFlags } from './audit-work.ts'
import { withDataFlags } from './data-flags.ts'
import * as flags from './flags.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike audit`. */
export function auditCommand(): Command {
  return withDataFlags(
    new Command('audit')
      .summary('who did what')
      .description(
        'Shows who did what, when and from where, newest first: logins, changes, refusals, reading of persons, exports, keys and users.',
      )
      .option('--who <principal>', 'only what this principal did: user:ada, key:checkout, command:users')
      .option('--what <operation>', 'only this operation: logIn, putRule, refused')
      .option('--since <time>', 'only from this time on', flags.instant)
      .option('--limit <number>', 'the most entries', flags.wholeNumber(1, 100_000), 100),
    examples,
  ).action((options: AuditFlags & CommonFlags) =>
    run(options, async (context) => (await import('./audit-work.ts')).showAudit(options, context)),
  )
}

const examples = `
Examples:
  shrike audit
  shrike audit --who user:ada --since 2026-11-01T00:00:00Z
  shrike audit --what refused --limit 1000 --json`
