import { FraudError } from '../core/errors.ts'
import { readWholeFile } from '../core/read-whole-file.ts'

/**
 * A small file's bytes.
 *
 * @param what it is, for the error: "The model".
 * @throws FraudError FILE_UNREADABLE.
 */
export async function readBytes(path: string, what: string): Promise<Buffer> {
  try {
    return await readWholeFile(path)
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    throw new FraudError('FILE_UNREADABLE', `${what} ${path} can't be read`, { cause })
  }
}
