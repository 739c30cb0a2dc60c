import { Command } from 'commander'
import { addReadingFlags } from './reading-flags.ts'
import { type CommonFlags, run } from './run.ts'
import type { ScoreFlags } from './score-work.ts'

/** `shrike score BUNDLE FILE`. */
export function scoreCommand(): Command {
  return addReadingFlags(
    new Command('score')
      .summary('probability and prediction for each row of a file')
      .description(
        "Writes id, probability and prediction for each row of FILE; the id is the detector's, or the row from 0.",
      )
      .argument('<bundle>', 'a trained bundle')
      .argument('<file>', 'rows: .csv, .ndjson, .json (or .gz of them), .parquet, a folder of parts, or - for CSV')
      .option('--out <csv>', 'the file to write (default: standard output)')
      .option('--history <file>', 'earlier rows, which feed histories and are not scored')
      .option('--force', 'replace an existing file instead of keeping it under a numbered name')
      .option('--json', 'print counts as JSON on standard output; needs --out')
      .addHelpText(
        'after',
        `
Examples:
  shrike score shrike-model.safetensors new.csv > scores.csv
  shrike score shrike-model.safetensors new.parquet --out scores.csv.gz
  shrike score shrike-model.safetensors today.csv --history until-yesterday.csv --out scores.csv`,
      )
      .action((bundle: string, file: string, options: ScoreFlags & CommonFlags) =>
        run(options, async (context) => (await import('./score-work.ts')).score(bundle, file, options, context)),
      ),
  )
}
