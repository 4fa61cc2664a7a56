import fs from 'node:fs'
import path from 'node:path'

/**
 * The keys in the data folder, made on the first start. The file is linked into place whole, so that
 * of several starters all read the same keys.
 */
export function keptSecretKeys(dataDir: string): string[] {
  const file = path.join(dataDir, 'secret_keys')
  fs.mkdirSync(dataDir, { recursive: true, mode: 0o755 })
  if (!fs.existsSync(file)) {
    const temporary = `${file}.${process.pid}`
    const key = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
    fs.writeFileSync(temporary, `${key}\n`, { mode: 0o600, flush: true })
    try {
      fs.linkSync(temporary, file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    fs.rmSync(temporary)
  }
  return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
}
