#!/usr/bin/env node
// Plain old JavaScript on purpose: it must start on any Node, however old, to say what is wrong.
var wanted = [22, 18]
var found = process.versions.node.split('.').map(Number)
if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
  console.error(
    'shrike needs Node ' +
      wanted.join('.') +
      ' or later, and this is ' +
      process.versions.node +
      '.\n' +
      'In a checkout, "npm ci" brings Node 24 along: run "npm start", or "npx shrike VERB" from its folder.\n' +
      'Elsewhere, install a newer Node and run the same command again.',
  )
  process.exit(1)
}

// A checkout runs its TypeScript sources as they are; the published package holds only the built files.
import('node:fs')
  .then(function (fs) {
    var source = new URL('../src/cli/main.ts', import.meta.url)
    return import(fs.existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href)
  })
  .then(function (cli) {
    return cli.main(process.argv.slice(2))
  })
