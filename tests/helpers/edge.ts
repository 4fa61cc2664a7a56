import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Config } from '../../server/config.ts'
import { ROOT } from '../architecture/code-files.ts'

/** `wrangler dev`, offline: the API on workerd, over the database and the bucket of `config`. */
export async function startEdge(config: Config) {
  const folder = mkdtempSync(path.join(tmpdir(), 'igny8-edge-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const file = path.join(folder, 'settings')
  writeFileSync(file, settings(config, url).join('\n'))
  const child = spawn(
    path.join(ROOT, 'node_modules/.bin/wrangler'),
    ['dev', '--ip=127.0.0.1', `--port=${port}`, '--inspector-port=0', `--env-file=${file}`].concat(
      `--persist-to=${folder}`,
      '--show-interactive-dev-session=false',
    ),
    {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE: config.databaseUrl,
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        WRANGLER_LOG_PATH: folder,
        WRANGLER_SEND_METRICS: 'false',
        NO_COLOR: '1',
      },
    },
  )
  let printed = ''
  const ready = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      printed += chunk
      if (printed.includes('Ready on')) ready.resolve()
    })
  }
  child.once('exit', () => {
    ready.reject(new Error(`wrangler dev ended:\n${printed}`))
    ended.resolve()
  })
  await ready.promise
  return {
    url,
    /** What it and the worker have printed. */
    log: () => printed,
    async stop() {
      // The group: workerd is a child of wrangler's.
      process.kill(-child.pid!, 'SIGTERM')
      await ended.promise
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function settings(config: Config, url: string): string[] {
  return Object.entries({
    PUBLIC_URL: config.publicUrl ?? url,
    IGNY8_SECRET_KEYS: config.secretKeys.join(','),
    IGNY8_REGISTRATION: config.registration,
    IGNY8_RATE_LIMIT_ACCOUNT: config.rateLimits.account,
    IGNY8_RATE_LIMIT_ADDRESS: config.rateLimits.address,
    IGNY8_CORS_ORIGINS: config.corsOrigins.join(','),
    ...(config.bucket && {
      IGNY8_S3_URL: config.bucket.url,
      IGNY8_S3_REGION: config.bucket.region,
      IGNY8_S3_ACCESS_KEY_ID: config.bucket.accessKeyId,
      IGNY8_S3_SECRET_ACCESS_KEY: config.bucket.secretAccessKey,
    }),
  }).map(([name, value]) => `${name}="${value}"`)
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
