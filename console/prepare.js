// Run by `npm ci`, so that `npm start` has a console. An installation without development dependencies, or on a platform
// that vite does not know, goes on without one, and the service says so at /console.
import { build } from './build.js'

try {
  await build()
} catch (error) {
  console.error(
    `The console was not built (${error.message}). Everything else works; npm run build:console tries again.`,
  )
}
