/** A `curl` to paste into a shell that asks for the prediction of the example. */
export function exampleCall(origin: string, example: Readonly<Record<string, number>>, needsKey: boolean): string {
  const key = needsKey ? " -H 'Authorization: Bearer YOUR_KEY'" : ''
  const body = JSON.stringify(example).replaceAll("'", "'\\''")
  return `curl -s ${origin}/predict/ -H 'Content-Type: application/json'${key} -d '${body}'`
}
