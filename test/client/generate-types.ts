// Writes client/src/api.ts, the types of every route, from the document of a service that has all of them: the client's, and
// the console's too. The generator needs a TypeScript of its own, which npx fetches. Arrays are not readonly, since
// openapi-fetch takes a readonly one for an object with numbers as keys.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { apiDocument, hashOf } from './api-document.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-types-'))
const [from, to] = ['openapi.json', 'api.ts'].map((name) => join(folder, name))
const document = await apiDocument()
writeFileSync(from, JSON.stringify(document))
const packages = ['typescript@5.9.3', 'openapi-typescript@7.13.0'].flatMap((name) => ['--package', name])
const generate = [
  'openapi-typescript',
  from,
  '--output',
  to,
  '--root-types',
  '--root-types-no-schema-prefix',
  '--default-non-nullable=false',
]
execFileSync('npx', ['--yes', ...packages, '--', ...generate], { stdio: 'inherit', cwd: folder })
const head = `// Made by \`npm run client:types\` from /openapi.json: change the service's schemas, not this.\n// Document: ${hashOf(document)}\n`
writeFileSync(fileURLToPath(new URL('../../client/src/api.ts', import.meta.url)), head + readFileSync(to, 'utf8'))
rmSync(folder, { recursive: true })
