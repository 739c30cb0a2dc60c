import type { FastifyReply, FastifyRequest } from 'fastify'
import { FraudError } from '../core/errors.ts'
import type { App } from './http-context.ts'
import { pathOf } from './path-of.ts'
import { decidingRoutes, jobRoutes, modelRoutes } from './route-list.ts'

/** Which methods each path has, for `Allow` and for the labels of metrics. */
export type Paths = ReadonlyMap<string, ReadonlySet<string>>

export function collectPaths(app: App): Paths {
  const paths = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = paths.get(url) ?? new Set()
    for (const name of [method].flat()) methods.add(name)
    paths.set(url, methods)
  })
  return paths
}

/** The path that a request's route was declared with; undefined where there is none. */
export function routeOf(request: FastifyRequest, paths: Paths): string | undefined {
  const path = pathOf(request.url)
  if (paths.has(path)) return path
  return path.startsWith('/docs/') ? '/docs/*' : request.routeOptions.url
}

const everyMethod: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'POST', 'PUT'])

const decidingBranches = new Set([...decidingRoutes, ...jobRoutes, ...modelRoutes].map(({ path }) => branchOf(path)))

/** `/v1/decisions` of `/v1/decisions/{id}`. */
function branchOf(path: string): string {
  return path.split('/', 3).join('/')
}

/** Why a service that only predicts has no path of this kind, and how to get one that has. */
const onlyPredicts =
  'This service only predicts, at /predict: decisions, labels and everything based on them need a detector with transaction.id ' +
  'and a time, and one process. `shrike init FILE` drafts such a detector, `shrike train FILE --detector detector.yaml` ' +
  'learns by it, and `shrike serve` without more workers serves it; `npm start -- FILE` does all of it'

/** 405 or the answer to OPTIONS where the path is known, else 404, which says what is missing where it is known. */
export function answerNotFound(
  { paths, decides }: { readonly paths: Paths; readonly decides: boolean },
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const methods = request.url === '*' ? everyMethod : methodsAt(paths, request.url)
  // A route that looks for files has found none.
  if (methods === undefined || methods.has(request.method))
    throw new FraudError(
      'ROUTE_NOT_FOUND',
      !decides && decidingBranches.has(branchOf(pathOf(request.url))) ? onlyPredicts : 'There is nothing at this path',
    )
  reply.header('allow', [...methods, 'OPTIONS'].join(', '))
  if (request.method !== 'OPTIONS') throw new FraudError('METHOD_NOT_ALLOWED', 'This path does not support the method')
  reply.code(204).send()
}

/** The methods of the path that a target names, for any method that was asked for. */
function methodsAt(paths: Paths, target: string): ReadonlySet<string> | undefined {
  const known = paths.get(pathOf(target))
  if (known !== undefined) return known
  // A target may name the server, too (RFC 9112, section 3.2.2).
  const segments = pathOf(target.replace(/^https?:\/\/[^/?]*/i, ''))
    .split('/')
    .map(decoded)
  for (const [path, methods] of paths) if (matches(path.split('/'), segments)) return methods
  return undefined
}

function matches(declared: readonly string[], given: readonly string[]): boolean {
  if (declared.at(-1) === '*')
    return given.length >= declared.length && matches(declared.slice(0, -1), given.slice(0, declared.length - 1))
  return (
    declared.length === given.length &&
    declared.every((segment, i) => segment === given[i] || (segment.startsWith(':') && given[i] !== ''))
  )
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
