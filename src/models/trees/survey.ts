import { atOnce, type Steps } from '../../core/time-slices.ts'
import { nodesAtOnce, type TreeNodes } from './tree-nodes.ts'

/** What going through all nodes of an ensemble tells. */
export interface Survey {
  /**
   * Whether every child stands behind the one parent that it has and every split looks at a feature, so that following a
   * tree, along one path or along all, always ends; and every split says one thing to all who read it.
   */
  readonly isSound: boolean
  /** The features that splits look at are below this. */
  readonly features: number
  /** How many splits the deepest leaf is below its root. */
  readonly depth: number
  /** The least and the greatest value of a leaf, and the sum of their sizes. */
  readonly least: number
  readonly most: number
  readonly size: number
  /** What the highest leaf of each tree makes together. */
  readonly highest: number
}

const surveys = new WeakMap<TreeNodes, Survey>()

/** A survey is made once; of a large forest it takes as long as many decisions, which take turns with its steps. */
export function* surveyInSteps(nodes: TreeNodes): Steps<Survey> {
  const survey = surveys.get(nodes) ?? { ...(yield* lookAtNodes(nodes)), highest: yield* highestOf(nodes) }
  surveys.set(nodes, survey)
  return survey
}

export function surveyOf(nodes: TreeNodes): Survey {
  return surveys.get(nodes) ?? atOnce(surveyInSteps(nodes))
}

function* lookAtNodes(nodes: TreeNodes): Steps<Omit<Survey, 'highest'>> {
  const { feature, threshold, left, missingGoesLeft, value, categories } = nodes
  const depths = new Int32Array(feature.length)
  let [isSound, features, depth, size] = [true, 0, 0, 0]
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let from = 0; from < feature.length; from += nodesAtOnce) {
    for (let node = from; node < Math.min(from + nodesAtOnce, feature.length); node++) {
      if (feature[node] < 0) {
        // One that is not a number makes all three such.
        least = Math.min(least, value[node])
        most = Math.max(most, value[node])
        size += Math.abs(value[node])
        if (feature[node] !== -1) isSound = false
        continue
      }
      const child = left[node]
      const hasParent = depths[child] > 0 || depths[child + 1] > 0
      if (child <= node || child + 1 >= feature.length || hasParent) isSound = false
      const isOfCategories = categories !== undefined && categories.setAt[node] >= 0
      if (missingGoesLeft[node] > 1 || (isOfCategories && !Number.isNaN(threshold[node]))) isSound = false
      // Children come after their parents.
      const below = depths[node] + 1
      depths[child] = below
      depths[child + 1] = below
      features = Math.max(features, feature[node] + 1)
      depth = Math.max(depth, below)
    }
    yield
  }
  return { isSound, features, depth, least, most, size }
}

function* highestOf({ roots, feature, value }: TreeNodes): Steps<number> {
  let sum = 0
  let left = nodesAtOnce
  for (let tree = 0; tree < roots.length; tree++) {
    const end = tree + 1 < roots.length ? roots[tree + 1] : feature.length
    let highest = Number.NEGATIVE_INFINITY
    for (let node = roots[tree]; node < end; node++) {
      if (feature[node] < 0 && value[node] > highest) highest = value[node]
      if (--left > 0) continue
      left = nodesAtOnce
      yield
    }
    sum += highest
  }
  return sum
}
