import * as fs from 'node:fs/promises'
import { join } from 'node:path'

const PLUGIN = join(import.meta.dirname, '../../wp-bridge/plugin/igny8-bridge')

/**
 * Puts the bridge plugin into the WordPress of `root` and activates it.
 * @param php runs PHP with that WordPress loaded
 */
export async function installBridge(
  root: string,
  php: (code: string) => Promise<string>,
): Promise<void> {
  await fs.cp(PLUGIN, join(root, 'wp-content/plugins/igny8-bridge'), { recursive: true })
  await php(
    `require_once ABSPATH . 'wp-admin/includes/plugin.php';
    $error = activate_plugin('igny8-bridge/igny8-bridge.php');
    if (is_wp_error($error)) throw new Exception($error->get_error_message());`,
  )
}
