import { FraudError } from '../../core/errors.ts'
import { mostCategories } from '../trees/category-sets.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../trees/tree-ensemble.ts'
import { type ForeignNode, type ForeignTree, layOutTrees } from './tree-layout.ts'

// Bits of decision_type.
const isCategorical = 1
const goesLeftByDefault = 2
const missingShift = 2
const missingTypes = ['none', 'zero', 'nan'] as const

const invalid = (reason: string) => new FraudError('MODEL_INVALID', `This is not a usable LightGBM model: ${reason}`)
const unsupported = (reason: string) =>
  new FraudError('MODEL_UNSUPPORTED', `This LightGBM model can't be used: ${reason}`)

/**
 * Reads a model that LightGBM (versions 2.2 to 4) saved as text: binary classification. Categories are the numbers that
 * LightGBM saw.
 *
 * @throws FraudError MODEL_INVALID where it is damaged, MODEL_UNSUPPORTED where it is of another kind.
 */
export function readLightgbm(text: string): TreeEnsemble {
  const [head, ...blocks] = text.split(/^Tree=\d+\s*$/m)
  const header = fieldsOf(head)
  if (!/^tree\s/.test(head)) throw invalid('it does not begin with "tree"')
  if (!text.includes('end of trees')) {
    const version = header.get('version') ?? 'v1'
    if (version === 'v1' || version === 'v2') throw unsupported('LightGBM before 2.2 saved it, or it is cut off')
    throw invalid('it is cut off')
  }
  const [objective = '', ...settings] = (header.get('objective') ?? '').split(' ')
  if (Number(header.get('num_class') ?? 1) > 1) throw unsupported('it has more than two classes')
  if (objective !== 'binary' && objective !== 'cross_entropy') {
    throw unsupported(
      `its objective is ${objective || 'unknown'}, but only binary and cross_entropy give probabilities`,
    )
  }
  const features = (header.get('feature_names') ?? '').split(' ')
  const mostFeature = Number(header.get('max_feature_idx'))
  if (features.length !== mostFeature + 1) throw invalid('its feature names and their number differ')
  const trees = blocks.map((block, tree) => readTree(fieldsOf(block.split(/^end of trees/m)[0]), tree, mostFeature))
  if (trees.length === 0) throw invalid('it has no trees')
  const sigmoid = Number(settings.find((setting) => setting.startsWith('sigmoid:'))?.slice('sigmoid:'.length) ?? 1)
  const scale = /^average_output/m.test(head) ? sigmoid / trees.length : sigmoid
  const nodes = layOutTrees(trees, invalid, 'lightgbm')
  const value = nodes.value.map((leaf) => scale * leaf)
  return createTreeEnsemble(features, { ...nodes, value }, { kind: 'log-odds', base: 0 })
}

function fieldsOf(block: string): Map<string, string> {
  return new Map(
    block.split('\n').flatMap((line): [string, string][] => {
      const at = line.indexOf('=')
      return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]]
    }),
  )
}

function readTree(fields: ReadonlyMap<string, string>, tree: number, mostFeature: number): ForeignTree {
  const numbers = (name: string, count: number): number[] => {
    const text = fields.get(name) ?? ''
    // Where only what is missing goes another way than all values.
    const isUnbounded = (each: string) => name === 'threshold' && each === 'inf'
    const values = text === '' ? [] : text.split(' ').map((each) => (isUnbounded(each) ? Infinity : Number(each)))
    if (values.length === count && values.every((value) => !Number.isNaN(value))) return values
    throw invalid(`${name} of tree ${tree} is missing or damaged`)
  }
  if (fields.get('is_linear') === '1') throw unsupported('its leaves are linear models')
  const leaves = Number(fields.get('num_leaves'))
  if (!Number.isInteger(leaves) || leaves < 1) throw invalid(`num_leaves of tree ${tree} is missing or damaged`)
  const value = numbers('leaf_value', leaves)
  const leafCover = leaves > 1 ? numbers('leaf_count', leaves) : [1]
  const splits = leaves - 1
  const [feature, threshold, decision, left, right, cover] = [
    'split_feature',
    'threshold',
    'decision_type',
    'left_child',
    'right_child',
    'internal_count',
  ].map((name) => (splits === 0 ? [] : numbers(name, splits)))
  // A child below 0 is a leaf: -1 the first, -2 the second.
  const place = (child: number) => (child >= 0 ? child : splits - child - 1)
  const sets = Number(fields.get('num_cat') ?? 0)
  const bounds = sets === 0 ? [] : numbers('cat_boundaries', sets + 1)
  const words = sets === 0 ? [] : numbers('cat_threshold', bounds[sets])
  const nodes = Array.from({ length: splits }, (_, node): ForeignNode => {
    if (feature[node] < 0 || feature[node] > mostFeature)
      throw invalid(`tree ${tree} splits on a feature that does not exist`)
    const children = { left: place(left[node]), right: place(right[node]), cover: cover[node] }
    if (decision[node] & isCategorical) {
      const set = threshold[node]
      if (!(set >= 0 && set < sets)) throw invalid(`tree ${tree} splits on categories that it does not list`)
      const categories = categoriesOf(words.slice(bounds[set], bounds[set + 1]))
      return { feature: feature[node], threshold: Number.NaN, categories, missingGoesLeft: false, ...children }
    }
    const missing = missingTypes[(decision[node] >> missingShift) & 3]
    if (missing === undefined) throw invalid(`decision_type of tree ${tree} is damaged`)
    if (missing === 'zero') throw unsupported('it takes zeros for missing values (zero_as_missing)')
    // Where training saw no missing value, LightGBM takes one for 0.
    const missingGoesLeft = missing === 'nan' ? (decision[node] & goesLeftByDefault) !== 0 : 0 <= threshold[node]
    return { feature: feature[node], threshold: threshold[node], missingGoesLeft, ...children }
  })
  return { nodes: [...nodes, ...value.map((leaf, i) => ({ value: leaf, cover: leafCover[i] }))] }
}

/** A word has a bit for each of 32 categories. */
function categoriesOf(words: readonly number[]): number[] {
  if (32 * words.length > mostCategories) throw unsupported(`it has categories from ${mostCategories} on`)
  const bits = Array.from({ length: 32 * words.length }, (_, category) => category)
  return bits.filter((category) => ((words[category >>> 5] >>> (category & 31)) & 1) === 1)
}
