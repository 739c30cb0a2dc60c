/** Every page of what a route gives page by page, in its order. @param load a page, from a cursor on. */
export async function allPages<Page extends { readonly cursor: number | null }>(
  load: (cursor: number | undefined) => Promise<Page>,
): Promise<readonly [Page, ...Page[]]> {
  const first = await load(undefined)
  const pages: [Page, ...Page[]] = [first]
  for (let { cursor } = first; cursor !== null; ) {
    const page = await load(cursor)
    pages.push(page)
    cursor = page.cursor
  }
  return pages
}
