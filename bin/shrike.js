#!/usr/bin/env node
// Plain old JavaScript on purpose: it must start on any Node, however old, to find a newer one or say what is wrong.
var wanted = [22, 18]
var found = process.versions.node.split('.').map(Number)
var isOld = found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])

Promise.all([import('node:fs'), import('node:url'), import('node:child_process')]).then(function (modules) {
  var fs = modules[0]
  var inCheckout = function (name) {
    return modules[1].fileURLToPath(new URL('../' + name, import.meta.url))
  }
  // A checkout runs its TypeScript sources as they are; the published package holds only the built files.
  var isCheckout = fs.existsSync(inCheckout('src/cli/main.ts'))
  // To compile them takes most of a short command's time, so what comes of it is kept where the packages are.
  if (!isOld && isCheckout && fs.existsSync(inCheckout('node_modules'))) {
    process.getBuiltinModule('node:module').enableCompileCache(inCheckout('node_modules/.cache/shrike'))
  }
  if (!isOld) return start(isCheckout ? ['../src/cli/', '.ts'] : ['../dist/cli/', '.js'])
  // "npm ci" brings a newer Node along, and so does "npm install ... node@24" beside the package: npm finds either by
  // itself, and from another folder it is found here.
  var brought = inCheckout(isCheckout ? 'node_modules/node' : '../node')
  var node = brought + '/bin/node'
  if (fs.existsSync(node)) return restart(modules[2], node)
  console.error('shrike needs Node ' + wanted.join('.') + ' or later, and this is ' + process.versions.node + '.')
  console.error(
    !isCheckout
      ? 'Run "npm install node@24" where Shrike is installed, which brings Node 24 along, or install a newer Node.'
      : fs.existsSync(brought)
        ? 'The Node that "npm ci" brings along is not complete: run it again, without --ignore-scripts, in ' +
          inCheckout('')
        : 'Run "npm ci" in ' + inCheckout('') + ', which brings Node 24 along.',
  )
  process.exit(1)
})

function start(place) {
  var load = function (name) {
    return import(place.join(name))
  }
  return load('main')
    .then(function (cli) {
      return cli.main(process.argv.slice(2))
    })
    .catch(function (error) {
      return load('missing-package').then(function (known) {
        var missing = known.missingPackage(error)
        if (missing === undefined) throw error
        console.error('error ' + missing.code + ': ' + missing.message)
        process.exit(1)
      })
    })
}

/** The same command on another Node, with the same options of Node's; it gets the signals that this process gets and whose end is this one's. */
function restart(childProcess, node) {
  var child = childProcess.spawn(node, process.execArgv.concat(process.argv.slice(1)), { stdio: 'inherit' })
  ;['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (signal) {
    process.on(signal, function () {
      // A terminal sends Ctrl-C to both.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  })
  child.on('error', function (error) {
    console.error('Node could not be started from ' + node + ': ' + error.message)
    process.exit(1)
  })
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
