import { closestName } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import type { App } from './http-context.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The parameters that a route's URL may have, none by default; `checked` where the route itself looks at all of them,
     * `ignored` where probes and scrapers may add what they like.
     */
    readonly query?: readonly string[] | 'checked' | 'ignored'
  }
}

/** A parameter that a route does not know is refused: ignored, a misspelt one would answer another question. */
export function refuseUnknownQuery(app: App): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!request.url.includes('?') || request.is404) return done()
    const { query: known = [] } = request.routeOptions.config
    const given = request.query
    if (typeof known === 'string' || typeof given !== 'object' || given === null) return done()
    const errors = Object.keys(given)
      .filter((name) => !known.includes(name))
      .map((field) => ({ field, reason: whyUnknown(field, known) }))
    if (errors.length === 0) return done()
    done(new FraudError('INPUT_INVALID', 'The query is not what this route takes', { errors }))
  })
}

/** Why a parameter or a filter is refused whose name is not a known one. */
export function whyUnknown(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'is not known: this route has no parameters'
  const meant = closestName(name, known)
  return meant === undefined ? `is not one of ${known.join(', ')}` : `did you mean ${meant}?`
}
