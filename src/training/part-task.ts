import { join } from 'node:path'
import type { BucketFiles } from '../data/shuffled-events.ts'

interface Task extends Omit<BucketFiles, 'bucket'> {
  readonly folder: string
  readonly detectorFile: string
  /** The key whose history it is. */
  readonly by: string
}

/** What a process is started for: to divide the events by a key into so many buckets, or to replay one of them. */
export type PartTask = Task & ({ readonly buckets: number } | { readonly bucket: number })

/** The file of the values of a bucket. */
export function partFile(folder: string, { name, bucket }: Pick<BucketFiles, 'name' | 'bucket'>): string {
  return join(folder, `${name}-${bucket}.values`)
}
