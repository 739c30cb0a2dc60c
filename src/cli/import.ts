import { Command } from 'commander'
import * as flags from './flags.ts'
import type { ImportFlags } from './import-work.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike import FILE`. */
export function importCommand(): Command {
  return new Command('import')
    .summary('make a bundle from a model that XGBoost, LightGBM or scikit-learn trained')
    .description(
      "Turns a model of another library into a bundle that is served, evaluated and explained like one of Shrike's own: " +
        'XGBoost saved as JSON, LightGBM saved as text, scikit-learn and others as ONNX. ONNX files do not contain enough to explain an answer.',
    )
    .argument('<file>', 'the model')
    .requiredOption('--detector <yaml>', "the detector file, whose features are the model's inputs")
    .option('--out <bundle>', 'the bundle to write', 'shrike-model.safetensors')
    .option(
      '--threshold <probability>',
      'predict fraud from this score on (default: 0.5, or chosen on --rows)',
      flags.share,
    )
    .option('--rows <file>', 'transactions that the model has not seen: half calibrate it, the later half measure it')
    .option('--rows-from <time>', 'of the rows only those from this time on are new to the model', flags.instant)
    .option('--all-trees', 'also use the trees after the best round of early stopping (XGBoost)')
    .option(
      '--category-numbers',
      "assume that the detector's or the rows' numbers of categories are the library's, where the file does not record them",
    )
    .option('--force', 'replace an existing file instead of keeping it under a numbered name')
    .option('--json', 'print the result as JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  shrike import model.json --detector detectors/handbook.yaml --out model.safetensors
  shrike import model.txt --detector detectors/handbook.yaml --threshold 0.2
  shrike import model.onnx --detector detectors/handbook.yaml
  shrike import model.txt --detector cards.yaml --rows transactions.csv --rows-from 2026-03-01T00:00:00Z`,
    )
    .action((file: string, options: ImportFlags & CommonFlags) =>
      run(options, async (context) => (await import('./import-work.ts')).importModel(file, options, context)),
    )
}
