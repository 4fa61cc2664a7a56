import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { docsAsset } from './http/docs-asset.ts'
import { SWAGGER_UI } from './http/openapi.ts'
import { pluginZip } from './publishing/plugin-zip.ts'

/** Writes the files that the Worker serves to the assets folder of wrangler.toml: a Worker has no disk. */
const FOLDER = path.join(import.meta.dirname, '../.wrangler/assets')

mkdirSync(FOLDER, { recursive: true })
for (const name of Object.keys(SWAGGER_UI)) keep(name, await docsAsset(name))
keep('plugin.zip', await pluginZip())

/** Replaces the file atomically, since several processes may write it, and only if it changed, so that watchers do not rebuild. */
function keep(name: string, bytes: Uint8Array): void {
  const file = path.join(FOLDER, name)
  if (existsSync(file) && readFileSync(file).equals(bytes)) return
  const temporary = path.join(FOLDER, `../${name}.${process.pid}`)
  writeFileSync(temporary, bytes)
  renameSync(temporary, file)
}
