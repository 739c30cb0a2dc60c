/** `/v1/decisions/{id}` as the router has it. */
export function routerPath({ path }: { readonly path: string }): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}
