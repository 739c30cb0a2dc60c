import { allPages } from '../../api/all-pages.ts'
import { ask, client } from '../../api/client.ts'

/** All models: the newest are on the last page. */
export async function loadModels(signal: AbortSignal) {
  const pages = await allPages((cursor) => {
    const query = { limit: 500, ...(cursor !== undefined && { cursor }) }
    return ask(client.GET('/v1/models', { params: { query }, signal }))
  })
  return { ...pages[0], models: pages.flatMap(({ models }) => models) }
}
