import { join } from 'node:path'
import { defineConfig } from 'vite'

// The pages are made of the files that the service sends: nothing inline, nothing from elsewhere.
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  resolve: { alias: { re2js: join(import.meta.dirname, 'src/pages/rules/patterns-later.ts') } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2024',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  // `npm run dev -w console` beside a service on port 8000.
  server: { proxy: { '^/(v1|healthz|readyz|metrics|openapi.json)': 'http://127.0.0.1:8000' } },
})
