import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { execForm, instructionOf, readDockerfile } from '../deploy/container/dockerfile.ts'
import { serveCommand } from '../src/cli/serve.ts'
import { defaultLimits } from '../src/http/limits.ts'
import { buildTestService, type TestService } from './service/fixture.ts'

const words = z.array(z.string())
const attributes = z.array(z.object({ Key: z.string(), Value: z.string() }))

const awsContainer = z.object({
  Name: z.string(),
  Command: words,
  User: z.string().optional(),
  HealthCheck: z.object({ Command: words }).optional(),
  StopTimeout: z.number().optional(),
  PortMappings: z.array(z.object({ ContainerPort: z.number() })).optional(),
  MountPoints: z.array(z.object({ ContainerPath: z.string() })),
  Secrets: z.array(z.object({ Name: z.string() })).optional(),
})
const awsTemplate = z.object({
  Resources: z.object({
    LoadBalancer: z.object({ Properties: z.object({ LoadBalancerAttributes: attributes }) }),
    TargetGroup: z.object({ Properties: z.object({ Port: z.number(), HealthCheckPath: z.string() }) }),
    TaskSecurityGroup: z.object({
      Properties: z.object({ SecurityGroupIngress: z.array(z.object({ FromPort: z.number(), ToPort: z.number() })) }),
    }),
    TaskDefinition: z.object({ Properties: z.object({ ContainerDefinitions: z.tuple([awsContainer, awsContainer]) }) }),
    Service: z.object({
      Properties: z.object({
        LoadBalancers: z.array(z.object({ ContainerName: z.string(), ContainerPort: z.number() })),
      }),
    }),
  }),
})

const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.number() }) })
const gcpService = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([
          z.object({
            args: words,
            ports: z.array(z.object({ containerPort: z.number() })),
            env: z.array(z.object({ name: z.string() })),
            startupProbe: probe,
            livenessProbe: probe,
            volumeMounts: z.array(z.object({ mountPath: z.string() })),
          }),
        ]),
      }),
    }),
  }),
})

const stages = readDockerfile('Dockerfile')
const image = stages[stages.length - 1]
// CloudFormation's own tags (!Ref, !Sub) stand before plain text, which is what a test needs of them.
const aws = awsTemplate.parse(parse(readFileSync('deploy/aws/service.yaml', 'utf8'), { logLevel: 'silent' })).Resources
const [fetchBundle, awsShrike] = aws.TaskDefinition.Properties.ContainerDefinitions
const [gcpShrike] = gcpService.parse(parse(readFileSync('deploy/gcp/service.yaml', 'utf8'))).spec.template.spec
  .containers

const commands = {
  'the image': execForm(instructionOf(image, 'CMD')),
  AWS: awsShrike.Command,
  'Google Cloud': gcpShrike.args,
}

for (const [where, [verb, ...args]] of Object.entries(commands)) {
  test(`${where} starts the service with flags that it knows`, () => {
    const command = serveCommand()
    const { operands, unknown } = command.parseOptions(args)
    assert.equal(verb, command.name())
    assert.deepEqual(unknown, [])
    assert.equal(operands.length, 1)
    assert.equal(dirname(operands[0]), '/model')
    const { port, host } = command.opts()
    assert.deepEqual({ port, host }, { port: 8000, host: '0.0.0.0' })
  })
}

test('every port is the one that is served', () => {
  const ports = [
    Number(instructionOf(image, 'EXPOSE')),
    aws.TargetGroup.Properties.Port,
    ...aws.TaskSecurityGroup.Properties.SecurityGroupIngress.flatMap(({ FromPort, ToPort }) => [FromPort, ToPort]),
    ...(awsShrike.PortMappings ?? []).map(({ ContainerPort }) => ContainerPort),
    ...aws.Service.Properties.LoadBalancers.map(({ ContainerPort }) => ContainerPort),
    ...gcpShrike.ports.map(({ containerPort }) => containerPort),
    gcpShrike.startupProbe.httpGet.port,
    gcpShrike.livenessProbe.httpGet.port,
  ]
  assert.deepEqual([...new Set(ports)], [8000])
})

test('the bundle is looked for where it is put', () => {
  assert.equal(fetchBundle.Command.at(-1), awsShrike.Command[1])
  for (const container of [fetchBundle, awsShrike]) {
    assert.deepEqual(
      container.MountPoints.map(({ ContainerPath }) => ContainerPath),
      ['/model'],
    )
  }
  assert.deepEqual(
    gcpShrike.volumeMounts.map(({ mountPath }) => mountPath),
    ['/model'],
  )
})

test('the keys come in the variable that the command reads', () => {
  const [aws, gcp] = [awsShrike.Secrets?.map(({ Name }) => Name), gcpShrike.env.map(({ name }) => name)]
  assert.deepEqual(aws, gcp)
  assert.equal(gcp.length, 1)
  assert(readFileSync('src/cli/serve-work.ts', 'utf8').includes(`process.env.${gcp[0]})`))
})

test('nothing stops the service before its own time for ending', () => {
  const idle = aws.LoadBalancer.Properties.LoadBalancerAttributes.find(
    ({ Key }) => Key === 'idle_timeout.timeout_seconds',
  )
  // A worker's primary gives it a second more than it gives itself.
  assert(Number(awsShrike.StopTimeout) * 1000 > defaultLimits.graceMs + 1000)
  assert(Number(idle?.Value) * 1000 < defaultLimits.keepAliveTimeoutMs)
})

test('AWS runs the same user and asks the same health check as the image', () => {
  assert.equal(awsShrike.User, instructionOf(image, 'USER'))
  assert.deepEqual(awsShrike.HealthCheck?.Command, ['CMD', ...execForm(instructionOf(image, 'HEALTHCHECK'))])
})

suite('probes', () => {
  let service: TestService
  before(async () => {
    service = await buildTestService({ apiKeys: ['a-key-that-probes-do-not-have'] })
  })
  after(() => service.app.close())

  const healthCheck = instructionOf(image, 'HEALTHCHECK')
  const paths = {
    "the image's health check": /http:\/\/127\.0\.0\.1:8000(\/\w+)/.exec(healthCheck)?.[1],
    "AWS' load balancer": aws.TargetGroup.Properties.HealthCheckPath,
    "Google Cloud's startup probe": gcpShrike.startupProbe.httpGet.path,
    "Google Cloud's liveness probe": gcpShrike.livenessProbe.httpGet.path,
  }
  for (const [name, url] of Object.entries(paths)) {
    test(`${name} is answered without a key`, async () => {
      assert(url !== undefined)
      assert.equal((await service.app.inject({ url })).statusCode, 200)
    })
  }
})

test('the image has the Node that the tests run with, and every published folder that a program needs', () => {
  const { devDependencies, files } = z
    .object({ devDependencies: z.object({ node: z.string() }), files: words })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')))
  for (const { base } of stages) assert.equal(base, `node:${devDependencies.node.replace(/\.\d+$/, '')}-slim`)
  const copied = image.instructions.filter(({ name }) => name === 'COPY').map(({ text }) => text.split(' ').at(-1))
  for (const folder of files.filter((name) => name !== 'docs')) assert(copied.includes(folder), `${folder} is copied`)
})

test('the guides name files that are there', () => {
  const missing: string[] = []
  for (const guide of readdirSync('docs/guides').filter((name) => name.startsWith('deploy-'))) {
    for (const [, path] of readFileSync(`docs/guides/${guide}`, 'utf8').matchAll(/\b(deploy\/[\w/-]+\.\w+)/g)) {
      if (!existsSync(path)) missing.push(`${guide}: ${path}`)
    }
  }
  assert.deepEqual(missing, [])
})
