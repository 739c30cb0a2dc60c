/** A part of a command as a shell takes it whole. */
export function quoteForShell(part: string): string {
  return /^[\w./,:=@+-]+$/.test(part) ? part : `'${part.replaceAll("'", "'\\''")}'`
}
