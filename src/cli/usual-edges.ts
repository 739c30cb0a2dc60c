/** What the number of edges is chosen by. */
export interface EdgePlace {
  readonly cores: number
  readonly platform: NodeJS.Platform
  readonly workers: number
  readonly isTraced: boolean
}

/** From so many on the thread that decides, the one that writes and two edges have a core each. */
const leastCores = 4
/** A decision takes less of an edge than of the thread that decides, so that more than two would wait for that one. */
const usual = 2

/** How many threads have the connections where nobody says so. Edges cost processor time, so they need cores that are idle. */
export function usualEdges({ cores, platform, workers, isTraced }: EdgePlace): number {
  return platform === 'linux' && workers === 1 && !isTraced && cores >= leastCores ? usual : 0
}
