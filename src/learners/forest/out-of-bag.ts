import { createRandom } from '../../core/random.ts'
import { findLeaf } from '../../models/trees/tree-nodes.ts'
import { drawRows } from './grower.ts'
import type { OutOfBagTask, TreeWorkerData } from './tree-tasks.ts'

/** The mean answer, for each row, of the trees whose bootstrap left it out (Breiman, "Out-of-bag estimation", 1996). */
export function scoreOutOfBag(data: TreeWorkerData, { from, to, nodes, scores }: OutOfBagTask): void {
  const { columns, labels, extraRows, options } = data
  const drawn = new Uint16Array(labels.length + extraRows.length)
  const draws = new Uint32Array(labels.length)
  const voters = new Uint32Array(to - from)
  const row = new Float64Array(columns.length)
  scores.fill(0, from, to)
  for (let tree = 0; tree < nodes.roots.length; tree++) {
    drawRows(extraRows, options, createRandom(options.seed, tree + 1), drawn, draws)
    for (let i = from; i < to; i++) {
      if (draws[i] > 0) continue
      for (let feature = 0; feature < row.length; feature++) row[feature] = columns[feature][i]
      scores[i] += nodes.value[findLeaf(nodes, nodes.roots[tree], row)]
      voters[i - from]++
    }
  }
  for (let i = from; i < to; i++) scores[i] /= voters[i - from]
}
