import { suggestion } from '../core/closest-name.ts'
import type { DetectorProblem } from '../detector/detector.ts'
import type { Feature } from './feature.ts'

interface Ordered {
  readonly order: readonly number[]
  readonly inputs: readonly (readonly number[])[]
}

/**
 * Orders features so that each comes after what it needs. Names that stand twice, that there are not
 * or that lead back to themselves are added to the problems.
 */
export function orderFeatures(
  features: readonly Feature[],
  paths: readonly (readonly PropertyKey[])[],
  problems: DetectorProblem[],
): Ordered {
  const positions = new Map<string, number>()
  features.forEach(({ name }, i) => {
    if (positions.has(name)) {
      const cure = 'leave one of them out, or give it another name where its kind has "as"'
      problems.push({ path: paths[i], reason: `"${name}" is listed twice: names must differ, so ${cure}` })
    } else positions.set(name, i)
  })
  const inputs = features.map(({ inputs: wanted = [] }, i) =>
    wanted.flatMap((name) => {
      const position = positions.get(name)
      if (position !== undefined) return [position]
      problems.push({
        path: paths[i],
        reason: `there is no feature "${name}"${suggestion(name, [...positions.keys()])}`,
      })
      return []
    }),
  )
  return { order: sortByNeed(features, inputs, paths, problems), inputs }
}

function sortByNeed(
  features: readonly Feature[],
  inputs: readonly (readonly number[])[],
  paths: readonly (readonly PropertyKey[])[],
  problems: DetectorProblem[],
): number[] {
  const order: number[] = []
  const state = features.map((): 'new' | 'open' | 'done' => 'new')
  const visit = (feature: number, trail: readonly number[]) => {
    if (state[feature] === 'done') return
    if (state[feature] === 'open') {
      const names = [...trail.slice(trail.indexOf(feature)), feature].map((i) => `"${features[i].name}"`)
      const reason = `${names.join(' needs ')}: a feature can't need itself; base one of them on amounts or counts`
      problems.push({ path: paths[feature], reason })
      return
    }
    state[feature] = 'open'
    for (const input of new Set(inputs[feature])) visit(input, [...trail, feature])
    state[feature] = 'done'
    order.push(feature)
  }
  features.forEach((_, feature) => {
    visit(feature, [])
  })
  return order
}
