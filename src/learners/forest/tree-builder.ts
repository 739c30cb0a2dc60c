import type { TreeNodes } from '../../models/trees/tree-nodes.ts'

/** The nodes of one grown tree, the root first. */
export interface GrownTree extends Omit<TreeNodes, 'roots'> {
  /** For each feature: how much weighted Gini impurity its splits took away, as a share of the tree's sum. */
  readonly importance: Float64Array
}

/** The arrays of a tree that is being grown; they double when full. */
export class TreeBuilder {
  #count = 0
  #feature = new Int32Array(1024)
  #threshold = new Float64Array(1024)
  #left = new Int32Array(1024)
  #missingGoesLeft = new Uint8Array(1024)
  #value = new Float64Array(1024)
  #cover = new Float64Array(1024)
  readonly #gained: Float64Array

  constructor(featureCount: number) {
    this.#gained = new Float64Array(featureCount)
  }

  /** The number of a new node; siblings are added one behind the other. */
  addNode(): number {
    if (this.#count === this.#feature.length) {
      this.#feature = doubled(this.#feature, (length) => new Int32Array(length))
      this.#threshold = doubled(this.#threshold, (length) => new Float64Array(length))
      this.#left = doubled(this.#left, (length) => new Int32Array(length))
      this.#missingGoesLeft = doubled(this.#missingGoesLeft, (length) => new Uint8Array(length))
      this.#value = doubled(this.#value, (length) => new Float64Array(length))
      this.#cover = doubled(this.#cover, (length) => new Float64Array(length))
    }
    return this.#count++
  }

  /** Notes what rows came to a node, which is a leaf until it is split. */
  describe(node: number, legitimateWeight: number, fraudWeight: number): void {
    this.#feature[node] = -1
    this.#cover[node] = legitimateWeight + fraudWeight
    this.#value[node] = fraudWeight / (legitimateWeight + fraudWeight)
  }

  /** @param left the number of its left child; `gained` is the weighted Gini impurity that the split takes away. */
  split(node: number, feature: number, threshold: number, left: number, gained: number): void {
    this.#feature[node] = feature
    this.#threshold[node] = threshold
    this.#left[node] = left
    this.#gained[feature] += gained
  }

  sendMissing(node: number, goesLeft: boolean): void {
    this.#missingGoesLeft[node] = goesLeft ? 1 : 0
  }

  finish(): GrownTree {
    const sum = this.#gained.reduce((total, gained) => total + gained, 0)
    return {
      feature: this.#feature.slice(0, this.#count),
      threshold: this.#threshold.slice(0, this.#count),
      left: this.#left.slice(0, this.#count),
      missingGoesLeft: this.#missingGoesLeft.slice(0, this.#count),
      value: this.#value.slice(0, this.#count),
      cover: this.#cover.slice(0, this.#count),
      importance: this.#gained.map((gained) => (sum > 0 ? gained / sum : 0)),
    }
  }
}

function doubled<T extends { readonly length: number; set(from: T): void }>(array: T, make: (length: number) => T): T {
  const larger = make(array.length * 2)
  larger.set(array)
  return larger
}
