import { Command, Option } from 'commander'
import * as flags from './flags.ts'
import { type CommonFlags, run } from './run.ts'

interface SimulateFlags extends CommonFlags {
  readonly shape: 'creditcard'
  readonly rows: number
  readonly frauds: number
  readonly days: number
  readonly seed: number
  readonly out: string
}

/** `shrike simulate`: labelled transactions for those who have none. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .summary('make labelled transactions')
    .description(
      'Writes a simulated table of labelled card transactions. Shape creditcard is the flat table of the well-known ' +
        'data set: Time, V1 to V28, Amount, Class.',
    )
    .addOption(new Option('--shape <shape>', 'which columns').choices(['creditcard']).default('creditcard'))
    .option('--rows <number>', 'transactions', flags.wholeNumber(2, 100_000_000), 284_807)
    .option('--frauds <number>', 'frauds among them', flags.wholeNumber(1), 492)
    .option('--days <number>', 'that they are spread over', flags.wholeNumber(1, 3650), 2)
    .option('--seed <number>', 'the same seed gives the same file', flags.wholeNumber(0), 42)
    .requiredOption('--out <file>', 'the file to write, .csv or .csv.gz')
    .option('--json', 'print counts as JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  shrike simulate --out creditcard.csv
  shrike simulate --rows 10000 --frauds 50 --seed 7 --out small.csv.gz`,
    )
    .action((options: SimulateFlags) =>
      run(options, async ({ terminal, signal }) => {
        const { simulateCreditcard } = await import('../data/simulate/creditcard.ts')
        const { writeCsv } = await import('../data/write-csv.ts')
        const { checkWritable } = await import('../data/write-file.ts')
        const { throwIfInterrupted } = await import('./run.ts')
        const { rows, frauds, days, seed, out } = options
        await checkWritable(out)
        const making = terminal.begin('simulate')
        const table = simulateCreditcard({
          rows,
          frauds,
          days,
          seed,
          onProgress: (done, total) => making.update(done, total),
        })
        making.end(`${table.rowCount.toLocaleString('en')} transactions, ${frauds} frauds`)
        throwIfInterrupted(signal)
        const writing = terminal.begin('write')
        await writeCsv(table, out)
        writing.end(out)
        terminal.result({ rows: table.rowCount, frauds, out })
      }),
    )
}
