<?php
// wp-config.php of a test site. {SITE_FOLDER} is filled in when the site is laid out.
define('IGNY8_SITE_FOLDER', '{SITE_FOLDER}');
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:' . IGNY8_SITE_FOLDER . '/mariadb.sock'); // MariaDB; SQLite has DB_FILE
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('DB_DIR', IGNY8_SITE_FOLDER . '/db/');
define('DB_FILE', 'wp.sqlite');
// A file, so that the address can change while the site runs.
define('WP_HOME', trim(file_get_contents(IGNY8_SITE_FOLDER . '/home')));
define('WP_SITEURL', WP_HOME);
define('WP_ENVIRONMENT_TYPE', 'local'); // application passwords over plain http
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISALLOW_FILE_MODS', true); // the files of WordPress are shared between sites
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_ACCESSIBLE_HOSTS', '127.0.0.1,localhost');
define('WP_DEBUG', false);
$salted = ['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'];
foreach ($salted as $name) {
    define("{$name}_KEY", hash('sha256', "$name key " . IGNY8_SITE_FOLDER));
    define("{$name}_SALT", hash('sha256', "$name salt " . IGNY8_SITE_FOLDER));
}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
