import { FraudError } from '../../core/errors.ts'
import { categoriesIn, createSet, readingOf } from '../trees/category-sets.ts'
import type { TreeNodes } from '../trees/tree-nodes.ts'

/**
 * What a model's file tells of the categories that its library numbered: their texts, in the order of their numbers.
 */
export interface CategoryOrders {
  /** By feature. */
  readonly told: ReadonlyMap<string, readonly string[]>
  /** The possible orders of each feature that the model splits on. The file does not say which one, if any. */
  readonly untold: ReadonlyMap<string, readonly (readonly string[])[]>
}

/** The features that some node splits on as categories. */
export function categoryFeatures({ feature, categories }: TreeNodes): Set<number> {
  return new Set(feature.filter((split, node) => split >= 0 && categories !== undefined && categories.setAt[node] >= 0))
}

/** The features that some node splits on at a threshold. */
export function thresholdFeatures({ feature, categories }: TreeNodes): Set<number> {
  return new Set(
    feature.filter((split, node) => split >= 0 && (categories === undefined || categories.setAt[node] < 0)),
  )
}

/**
 * The nodes with other numbers for categories.
 *
 * @param numbers by feature: what stands for each category of the library, from 0 on.
 */
export function renumberCategories(nodes: TreeNodes, numbers: ReadonlyMap<number, readonly number[]>): TreeNodes {
  if (nodes.categories === undefined || numbers.size === 0) return nodes
  const { setAt, sets } = nodes.categories
  const renumbered: number[] = []
  const newSetAt = setAt.map((at, node) => {
    if (at < 0) return at
    const ofFeature = numbers.get(nodes.feature[node])
    const categories = categoriesIn(sets, at).map((category) => {
      const number = ofFeature === undefined ? category : ofFeature[category]
      if (number === undefined)
        throw new FraudError('MODEL_INVALID', 'The model splits on a category that it does not list')
      return number
    })
    const newAt = renumbered.length
    // Numbers that the library never saw are read as ours.
    const reading = ofFeature === undefined ? readingOf(sets, at) : undefined
    for (const word of createSet(categories, reading)) renumbered.push(word)
    return newAt
  })
  return { ...nodes, categories: { setAt: newSetAt, sets: Int32Array.from(renumbered) } }
}
