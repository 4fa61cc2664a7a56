import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { until } from '../helpers/until.ts'

/** Starts Debian's PgBouncer in front of one server, until the test ends or `stop` is called. */
export async function startPgBouncer(database: URL, mode: string, size: number) {
  const dir = mkdtempSync(path.join(tmpdir(), 'igny8-pgbouncer-'))
  const port = await freePort()
  const { username, password, hostname } = database
  writeFileSync(path.join(dir, 'users.txt'), `"${username}" "${password}"\n`)
  const file = path.join(dir, 'pgbouncer.ini')
  writeFileSync(
    file,
    `[databases]
* = host=${hostname} port=${database.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = trust
auth_file = ${dir}/users.txt
pool_mode = ${mode}
default_pool_size = ${size}
logfile = ${dir}/log
pidfile = ${dir}/pid
unix_socket_dir =
`,
  )
  // It does not run as root.
  const nobody = /^nobody:[^:]*:(\d+):(\d+)/m.exec(readFileSync('/etc/passwd', 'utf8'))!
  const user = process.getuid?.() === 0 ? { uid: Number(nobody[1]), gid: Number(nobody[2]) } : {}
  chmodSync(dir, 0o777)
  const child = spawn('/usr/sbin/pgbouncer', [file], { ...user, stdio: 'ignore' })
  const url = new URL(database)
  url.port = String(port)
  async function stop() {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(dir, { recursive: true, force: true })
  }
  onTestFinished(stop)
  await until(() => accepts(port), { what: 'the start of PgBouncer' })
  return { url: url.href, stop }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      resolve(true)
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  return port
}
